const MAX_BYTES = 1_024;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const utf8Length = (codePoint: number): number => {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x1_0000 ? 3 : 4;
};

/** At most 1 kB (as UTF-8) of a text, without NUL and lone surrogates, which Postgres refuses in text and jsonb. */
export const excerptOf = (text: string): string => {
  const clean = text
    .slice(0, 2 * MAX_BYTES)
    .replaceAll("\0", "")
    .replace(LONE_SURROGATE, "\ufffd");
  let bytes = 0;
  let kept = "";
  for (const character of clean) {
    bytes += utf8Length(character.codePointAt(0) ?? 0);
    if (bytes > MAX_BYTES) break;
    kept += character;
  }
  return kept;
};
