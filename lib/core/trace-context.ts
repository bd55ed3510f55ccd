/** Ids of W3C Trace Context: a trace has 32 lower-case hex digits, a span 16. */

/** The first span of a trace that we begin: the trace's own second half, so that everybody who knows the trace knows it. */
export const rootSpanIdOf = (traceId: string): string => traceId.slice(16);

/** The value of a `traceparent` header, version 00, sampled. */
export const traceparentOf = (traceId: string, spanId: string): string => `00-${traceId}-${spanId}-01`;
