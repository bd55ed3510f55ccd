type Frame = { readonly path: string; readonly keys: Set<string> | null; index: number; key: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where a text that begins at a quote ends: at its last quote. */
const endOfText = (json: string, start: number): number => {
  let at = start + 1;
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
};

const pathIn = ({ path, keys, index, key }: Frame): string => {
  const own = keys === null ? String(index) : key;
  return path === "" ? own : `${path}.${own}`;
};

/** After a text in an object comes a colon when it is a key. */
const isKey = (json: string, end: number): boolean => {
  let at = end + 1;
  while (at < json.length && " \t\r\n".includes(json.charAt(at))) at += 1;
  return json.charAt(at) === ":";
};

/**
 * Paths (`filters.serviceIds`, `probes.0.url`) of the keys that stand more than once in one object of a JSON text, the way
 * they read after decoding: `"a"` and `"\u0061"` are the same key. JSON.parse silently takes the last of them, other
 * readers the first, and what one of them has checked the other one does. `json` must be valid; at most `most` are told.
 */
export const repeatedJsonKeys = (json: string, most = 20): string[] => {
  const found: string[] = [];
  const stack: Frame[] = [];
  for (let at = 0; at < json.length && found.length < most; at += 1) {
    const code = json.charCodeAt(at);
    const frame = stack.at(-1);
    if (code === QUOTE) {
      const end = endOfText(json, at);
      if (frame !== undefined && frame.keys !== null && isKey(json, end)) {
        frame.key = JSON.parse(json.slice(at, end + 1)) as string;
        if (frame.keys.has(frame.key)) found.push(pathIn(frame));
        frame.keys.add(frame.key);
      }
      at = end;
    } else if (code === 0x7b || code === 0x5b) {
      const path = frame === undefined ? "" : pathIn(frame);
      stack.push({ path, keys: code === 0x7b ? new Set() : null, index: 0, key: "" });
    } else if (code === 0x7d || code === 0x5d) stack.pop();
    else if (code === 0x2c && frame !== undefined) frame.index += 1;
  }
  return [...new Set(found)];
};
