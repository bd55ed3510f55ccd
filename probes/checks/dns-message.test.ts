import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerTo, TO_QUESTION } from "#test/support/dns-server.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import { encodeQuestion, readMessage } from "./dns-message.ts";

describe("messages", () => {
  const question = { id: 7, name: "example.com", record: "MX" } as const;

  test("any bytes after the header are read to an end, and never throw", () => {
    const head = answerTo(encodeQuestion(question), { count: 3 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, hasHead) => {
        const message = readMessage(Buffer.concat([hasHead ? head : Buffer.alloc(0), bytes]), question);
        return ["answer", "foreign", "broken"].includes(message.kind);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a chain of pointers that all go back is read once each", () => {
    const links = Array.from({ length: 4_000 }, (_, i) =>
      i === 0 ? TO_QUESTION : Buffer.from([0xc0 | ((29 + 2 * i - 2) >> 8), (29 + 2 * i - 2) & 0xff]),
    );
    const query = encodeQuestion(question);
    const message = Buffer.concat([answerTo(query, { count: 1 }), ...links]);
    const elapsedMs = startStopwatch();
    expect(readMessage(message, question).kind).toBe("broken");
    expect(elapsedMs()).toBeLessThan(1_000);
  });
});
