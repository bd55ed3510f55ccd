/** What a request line asks for, after one decoding and normalisation. */
export type RequestTarget =
  | {
      readonly kind: "path";
      readonly path: string;
      readonly segments: readonly string[];
      readonly query: URLSearchParams;
      readonly hasQuery: boolean;
    }
  | { readonly kind: "refused"; readonly status: 400 | 404 | 414; readonly reason: string };

const MAX_TARGET_LENGTH = 8_192;
const refused = (status: 400 | 404 | 414, reason: string): RequestTarget => ({ kind: "refused", status, reason });

const decodeSegment = (raw: string): string | null => {
  try {
    return decodeURIComponent(raw);
  } catch {
    return null;
  }
};

const hasControls = (text: string): boolean => {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
};

/** Strips scheme and authority of the absolute form, which every server must accept (RFC 9112, 3.2.2). */
const originForm = (target: string): string | null => {
  if (target.startsWith("/")) return target;
  const match = /^https?:\/\/[^/?#]*/i.exec(target);
  if (match === null) return null;
  const rest = target.slice(match[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
};

/**
 * Reads a request target. A trailing slash is the same address. Refused, never repaired: empty and dot segments,
 * encoded separators, control characters, broken escapes. Segments are decoded exactly once.
 */
export const parseRequestTarget = (target: string): RequestTarget => {
  if (target.length > MAX_TARGET_LENGTH) return refused(414, "the address is too long");
  const local = originForm(target);
  if (local === null || local.includes("#")) return refused(400, "the request target is not an address of this server");
  const cut = local.indexOf("?");
  const rawPath = cut === -1 ? local : local.slice(0, cut);
  const rawQuery = cut === -1 ? "" : local.slice(cut + 1);
  const trimmed = rawPath.length > 1 && rawPath.endsWith("/") ? rawPath.slice(0, -1) : rawPath;
  const segments: string[] = [];
  for (const raw of trimmed === "/" ? [] : trimmed.slice(1).split("/")) {
    const segment = decodeSegment(raw);
    if (segment === null) return refused(400, "the path holds a broken percent escape");
    if (hasControls(segment)) return refused(400, "the path holds a control character");
    if (segment === "" || segment === "." || segment === ".." || segment.includes("/") || segment.includes("\\")) {
      return refused(404, "no such address");
    }
    segments.push(segment);
  }
  return {
    kind: "path",
    path: `/${segments.join("/")}`,
    segments,
    query: new URLSearchParams(rawQuery),
    hasQuery: rawQuery !== "",
  };
};
