import { trace } from "@opentelemetry/api";
import { afterEach, expect, test, vi } from "vitest";
import { epochMs } from "#lib/core/units.ts";
import { startTraceCollector } from "#test/support/trace-collector.ts";
import type { EndedSpan } from "./tracing.ts";
import { startTracing, traceSpan, wantsTracing } from "./tracing.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const END = epochMs(1_800_000_000_123);

const span = (changes: Partial<EndedSpan> = {}): EndedSpan => ({
  name: "GET /v1/slos",
  kind: "server",
  traceId: TRACE,
  spanId: "00f067aa0ba902b7",
  parentSpanId: null,
  endedAt: END,
  durationMs: 25,
  attributes: { "http.response.status_code": 200 },
  ...changes,
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test("spans reach an OTLP collector with the ids that logs and headers carry, and with their own times", async () => {
  const collector = await startTraceCollector();
  for (const [name, value] of Object.entries(collector.env)) vi.stubEnv(name, value);
  const stop = await startTracing(collector.env, "web");
  traceSpan(() => span());
  traceSpan(() =>
    span({ name: "probe http", spanId: "b7ad6b7169203331", parentSpanId: "00f067aa0ba902b7", error: "timeout" }),
  );
  await stop();
  await collector.close();
  const [root, child] = collector.spans;
  expect(root).toMatchObject({ name: "GET /v1/slos", traceId: TRACE, spanId: "00f067aa0ba902b7" });
  expect(root?.parentSpanId ?? "").toBe("");
  expect(BigInt(root?.endTimeUnixNano ?? 0) - BigInt(root?.startTimeUnixNano ?? 0)).toBe(25_000_000n);
  expect(child).toMatchObject({ traceId: TRACE, spanId: "b7ad6b7169203331", parentSpanId: "00f067aa0ba902b7" });
  expect(child?.status).toMatchObject({ code: 2, message: "timeout" });
});

test("what other packages trace by themselves goes nowhere: their spans may hold addresses with tokens", async () => {
  const collector = await startTraceCollector();
  for (const [name, value] of Object.entries(collector.env)) vi.stubEnv(name, value);
  const stop = await startTracing(collector.env, "web");
  trace.getTracer("next.js").startSpan("GET /admin/sign-in?token=canary").end();
  traceSpan(() => span());
  await stop();
  await collector.close();
  expect(collector.spans.map(({ name }) => name)).toEqual(["GET /v1/slos"]);
});

test("without a collector nothing is made, not even the span", async () => {
  const stop = await startTracing({}, "web");
  const make = vi.fn(() => span());
  traceSpan(make);
  expect(make).not.toHaveBeenCalled();
  await stop();
});

test.each([
  { env: {}, wants: false },
  { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "" }, wants: false },
  { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, wants: true },
  { env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/v1/traces" }, wants: true },
  { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_SDK_DISABLED: "TRUE" }, wants: false },
  { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_TRACES_EXPORTER: "none" }, wants: false },
])("the standard variables decide whether traces are sent: $env", ({ env, wants }) => {
  expect(wantsTracing(env)).toBe(wants);
});
