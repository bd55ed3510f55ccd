import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readBytes } from "./read-bytes.ts";

test("a body is read whole, up to its limit", async () => {
  expect((await readBytes(Readable.from([Buffer.from("a"), Buffer.from("b")]), 2))?.toString()).toBe("ab");
  expect(await readBytes(Readable.from([Buffer.from("ab"), Buffer.from("c")]), 2)).toBeNull();
});

test("a sender that went away is no fault of ours", async () => {
  const gone = new Readable({
    read: () => {
      gone.destroy(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
    },
  });
  await expect(readBytes(gone, 10)).rejects.toMatchObject({ code: "INVALID_REQUEST", detail: "the body ended early" });
});
