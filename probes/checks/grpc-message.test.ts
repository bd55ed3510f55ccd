import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { healthCheckRequest, servingStatusOf, unframe } from "./grpc-message.ts";

describe("messages", () => {
  test("a request holds the service, and what was framed comes out again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (service) => {
        const unframed = unframe(healthCheckRequest(service));
        const message = unframed.kind === "message" ? unframed.message : null;
        expect(message?.includes(Buffer.from(service))).toBe(true);
      }),
    );
  });
  test("unknown fields are skipped, and any bytes at all are a number or broken", () => {
    expect(servingStatusOf(Buffer.from([0x12, 3, 1, 2, 3, 8, 1, 0x18, 0x80, 1]))).toBe(1);
    expect(servingStatusOf(Buffer.from([8, 2, 8, 1]))).toBe(1);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const status = servingStatusOf(Buffer.from(bytes));
        expect(status === null || status >= 0).toBe(true);
      }),
    );
  });
});
