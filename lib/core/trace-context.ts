/** Ids of W3C Trace Context: a trace has 32 lower-case hex digits, a span 16. */

/** The first span of a trace that we begin: the trace's own second half, so that everybody who knows the trace knows it. */
export const rootSpanIdOf = (traceId: string): string => traceId.slice(16);

/** The value of a `traceparent` header, version 00, sampled. */
export const traceparentOf = (traceId: string, spanId: string): string => `00-${traceId}-${spanId}-01`;

/** `traceparent` of a trace that begins here, of digits drawn by `random` (0 to 1, without 1). */
export const drawTraceparent = (random: () => number): { readonly traceId: string; readonly traceparent: string } => {
  const drawn = Array.from({ length: 32 }, () => (Math.floor(random() * 16) % 16).toString(16)).join("");
  // Neither half may be all zero: the last digit of each is a one.
  const traceId = `${drawn.slice(0, 15)}1${drawn.slice(16, 31)}1`;
  return { traceId, traceparent: traceparentOf(traceId, rootSpanIdOf(traceId)) };
};
