import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createRequestIds, requestIdOf, traceParentOf } from "./request-ids.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

describe("ids of a request", () => {
  test("ten thousand trace ids are well formed and different", () => {
    const ids = createRequestIds(randomBytes);
    const seen = new Set(Array.from({ length: 10_000 }, () => ids.traceId()));
    expect(seen.size).toBe(10_000);
    for (const id of seen) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  test("a random source of zeros gives no invalid id", () => {
    const ids = createRequestIds((size) => new Uint8Array(size));
    expect(ids.traceId()).not.toMatch(/^0+$/);
    expect(ids.spanId()).not.toMatch(/^0+$/);
  });

  test.each([
    { name: "a valid header", header: `00-${TRACE}-00f067aa0ba902b7-01`, traceId: TRACE },
    { name: "a later version with more fields", header: `01-${TRACE}-00f067aa0ba902b7-01-more`, traceId: TRACE },
    { name: "version 00 with more fields", header: `00-${TRACE}-00f067aa0ba902b7-01-more`, traceId: null },
    { name: "the forbidden version", header: `ff-${TRACE}-00f067aa0ba902b7-01`, traceId: null },
    { name: "an id of zeros", header: `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, traceId: null },
    { name: "upper case", header: `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, traceId: null },
    { name: "no header", header: undefined, traceId: null },
  ])("traceparent: $name", ({ header, traceId }) => {
    expect(traceParentOf(header)?.traceId ?? null).toBe(traceId);
  });

  test.each([
    { name: "a plain one is kept", header: "order-4711-abc", id: "order-4711-abc" },
    { name: "one that could break a log line is not", header: 'a"b\nccccccc', id: null },
    { name: "a long one is not", header: "a".repeat(200), id: null },
    { name: "a short one is not", header: "1", id: null },
  ])("X-Request-ID: $name", ({ header, id }) => {
    expect(requestIdOf(header)).toBe(id);
  });
});
