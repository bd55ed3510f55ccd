import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameRecords, readFrames } from "./frame.ts";

const texts = (data: Buffer) => readFrames(data).payloads.map(String);
/** Payloads that look like the frame itself, too. */
const payloads = ["first", "", '{"a":1}', "\x1eNSP\x03\x00\x00\x00", "last \x1eNSP"];
const whole = frameRecords(payloads.map((text) => Buffer.from(text)));
/** Where each record ends. */
const ends = payloads.map(
  (_, index) => frameRecords(payloads.slice(0, index + 1).map((text) => Buffer.from(text))).length,
);

describe("records of the spool", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (items) => {
        const written = items.map((item) => Buffer.from(item));
        const { payloads: read, damages } = readFrames(frameRecords(written));
        expect(read.map((one) => one.toString("hex"))).toEqual(written.map((one) => one.toString("hex")));
        expect(damages).toBe(0);
      }),
    );
  });

  test("cut at any byte lose the one that was being written, and no other", () => {
    for (let length = 0; length <= whole.length; length += 1) {
      const { payloads: read, damages } = readFrames(whole.subarray(0, length));
      const complete = ends.filter((end) => end <= length).length;
      expect(read.map(String), `cut at ${length}`).toEqual(payloads.slice(0, complete));
      expect(damages).toBe(length === 0 || ends.includes(length) ? 0 : 1);
    }
  });

  test("with any one byte changed lose the record it stands in, and no other", () => {
    for (let at = 0; at < whole.length; at += 1) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] as number) ^ flip;
        const hit = ends.findIndex((end) => at < end);
        expect(texts(damaged), `byte ${at}`).toEqual(payloads.filter((_, index) => index !== hit));
        expect(readFrames(damaged).damages).toBe(1);
      }
    }
  });

  test("are found again after any rubbish between them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (rubbish) => {
        const [first, second] = [frameRecords([Buffer.from("one")]), frameRecords([Buffer.from("two")])];
        expect(texts(Buffer.concat([first, Buffer.from(rubbish), second]))).toEqual(["one", "two"]);
      }),
    );
  });
});
