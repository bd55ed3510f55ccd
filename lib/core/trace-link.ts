/** What stands in a configured address in the place of a trace's id. */
export const TRACE_ID_PLACE = "{traceId}";

/** A W3C trace id: 32 hexadecimal digits, not all of them zero. */
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

/** The address of a trace; null without a configured address, or when the id is none: ids come from remote agents too. */
export const traceLink = (template: string | null, traceId: string | null): string | null =>
  template === null || traceId === null || !TRACE_ID.test(traceId)
    ? null
    : template.replaceAll(TRACE_ID_PLACE, traceId);
