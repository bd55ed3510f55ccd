import type { Attributes, Tracer } from "@opentelemetry/api";
import { ProxyTracerProvider, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import type { EpochMs } from "#lib/core/units.ts";
import { VERSION } from "./version.ts";

/**
 * Traces of ourselves over OTLP, off unless the standard `OTEL_*` variables name a collector. A span is told when it has
 * ended, with the ids that logs, runs and `traceparent` headers already carry, so that nothing is kept while work runs.
 */
export type EndedSpan = {
  /** A closed set: `GET /v1/slos/{id}`, `probe http`. */
  readonly name: string;
  readonly kind: "internal" | "server" | "client";
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits, as others were told it. */
  readonly spanId: string;
  /** The span that this one is part of; null: the trace begins here. */
  readonly parentSpanId: string | null;
  readonly endedAt: EpochMs;
  readonly durationMs: number;
  readonly attributes: Attributes;
  /** Why it failed; absent: it did not. */
  readonly error?: string;
};

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

type Tracing = { readonly tracer: Tracer; readonly nextIds: { traceId: string; spanId: string } };

const KEY = Symbol.for("nines.tracing");
type Holder = { [KEY]?: Tracing };

/** Tells the collector of a span. Costs a look-up when there is none. */
export const traceSpan = (span: () => EndedSpan): void => {
  const tracing = (globalThis as Holder)[KEY];
  if (tracing === undefined) return;
  const { name, kind, traceId, spanId, parentSpanId, endedAt, durationMs, attributes, error } = span();
  const parent =
    parentSpanId === null
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: parentSpanId,
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
        });
  // The SDK asks for ids while it starts the span, in the same breath.
  tracing.nextIds.traceId = traceId;
  tracing.nextIds.spanId = spanId;
  const started = tracing.tracer.startSpan(
    name,
    { kind: KINDS[kind], startTime: endedAt - durationMs, attributes },
    parent,
  );
  if (error !== undefined) started.setStatus({ code: SpanStatusCode.ERROR, message: error });
  started.end(endedAt);
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the environment names a collector for traces. */
export const wantsTracing = (env: Environment): boolean =>
  env.OTEL_SDK_DISABLED?.toLowerCase() !== "true" &&
  env.OTEL_TRACES_EXPORTER !== "none" &&
  [env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some((url) => (url ?? "") !== "");

/**
 * Starts the export of spans when the environment asks for it. The SDK reads the rest of `OTEL_*` itself: protocol,
 * headers, sampler, batch sizes. Returns what sends the last ones and ends it.
 */
export const startTracing = async (env: Environment, role: string): Promise<() => Promise<void>> => {
  if (!wantsTracing(env)) return () => Promise.resolve();
  // Only now: loading it takes longer than the start of a role.
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  const nextIds = { traceId: "", spanId: "" };
  const sdk = new NodeSDK({
    serviceName: env.OTEL_SERVICE_NAME ?? "nines",
    autoDetectResources: false,
    textMapPropagator: null,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    idGenerator: { generateTraceId: () => nextIds.traceId, generateSpanId: () => nextIds.spanId },
  });
  sdk.start();
  const provider = trace.getTracerProvider();
  const own = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  const tracer = own.getTracer(`nines-${role}`, VERSION);
  // For us alone: Next would tell of the same requests with addresses, in which tokens of sign-in links stand.
  trace.disable();
  (globalThis as Holder)[KEY] = { tracer, nextIds };
  return async () => {
    delete (globalThis as Holder)[KEY];
    await sdk.shutdown();
  };
};
