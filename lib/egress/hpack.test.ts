import { createServer } from "node:http2";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "#lib/runtime/clock.ts";
import { listenOn } from "#test/support/check-world.ts";
import { createFieldDecoder, encodeFields } from "./hpack.ts";
import { callHttp2 } from "./http2-call.ts";

const LIMITS = { headBytes: 16_384, headFields: 2_000 };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("heads are read as RFC 7541 writes them", () => {
  test("appendix C.6: three answers with Huffman codes and a table that is kept between them", () => {
    const decode = createFieldDecoder(LIMITS);
    const first = decode(
      hex(
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
      ),
    );
    const head = [
      [":status", "302"],
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
      ["location", "https://www.example.com"],
    ];
    expect(first).toEqual({ kind: "fields", fields: head });
    expect(decode(hex("4883 640e ffc1 c0bf"))).toEqual({
      kind: "fields",
      fields: [[":status", "307"], ...head.slice(1)],
    });
  });

  test("what was written is read again", () => {
    const field = fc.tuple(fc.stringMatching(/^[a-z-]{1,200}$/), fc.stringMatching(/^[\x20-\x7e]{0,300}$/));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        expect(createFieldDecoder(LIMITS)(encodeFields(fields))).toEqual({ kind: "fields", fields });
      }),
    );
  });

  test("any bytes at all are fields, broken or too large, and never an error", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (blocks) => {
        const decode = createFieldDecoder(LIMITS);
        for (const block of blocks)
          expect(["fields", "broken", "too large"]).toContain(decode(Buffer.from(block)).kind);
      }),
      { numRuns: 500 },
    );
  });

  test("a head that another implementation packed comes out whole, whatever its characters", async () => {
    const values = Array.from({ length: 8 }, (_, block) =>
      Array.from({ length: 28 }, (_each, i) => String.fromCharCode(33 + ((block * 28 + i) % 94))).join(""),
    );
    values.push("éüñ¿ÿ ~ \t tab", "0123456789".repeat(30));
    const server = createServer();
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200, ...Object.fromEntries(values.map((value, i) => [`x-${i}`, value])) });
      stream.end("fine");
    });
    const { port, close } = await listenOn(server);
    const { result } = await callHttp2(
      {
        host: "127.0.0.1",
        port,
        tls: null,
        timeoutMs: 3_000,
        allow: ["127.0.0.1"],
        signal: new AbortController().signal,
        clock: systemClock,
      },
      { method: "POST", authority: "127.0.0.1", path: "/", headers: {}, body: Buffer.from("hello"), maxBodyBytes: 100 },
    );
    await close();
    expect(result).toMatchObject({ kind: "done", value: { status: 200, body: Buffer.from("fine") } });
    const headers = result.kind === "done" ? new Map(result.value.headers) : new Map();
    values.forEach((value, i) => {
      expect(Buffer.from(headers.get(`x-${i}`) ?? "", "latin1").toString("latin1")).toBe(value);
    });
  });
});
