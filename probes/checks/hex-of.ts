/** Lower-case hex digits of bytes, as trace context writes ids. */
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
