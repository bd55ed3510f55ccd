/** Longer than any mailbox of RFC 5321. */
const LONGEST_MAIL = 254;
const LONGEST_URL = 2_048;

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * A mail address as it is stored and compared: the usual form of RFC 5321 without quotes and comments, the domain in
 * lower case, at least two labels. Null for everything else, so that no line break, no second recipient and no header
 * can come along. The part before the @ keeps its case.
 */
export const mailAddressOf = (text: string): string | null => {
  const trimmed = text.trim();
  const at = trimmed.lastIndexOf("@");
  const local = trimmed.slice(0, at);
  const domain = trimmed.slice(at + 1).toLowerCase();
  const labels = domain.split(".");
  const isFine =
    at > 0 &&
    trimmed.length <= LONGEST_MAIL &&
    local.length <= 64 &&
    LOCAL.test(local) &&
    labels.length >= 2 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^\d+$/.test(labels.at(-1) as string);
  return isFine ? `${local}@${domain}` : null;
};

/** A web address in its one normal spelling without the part after #; null when it is none. The egress policy judges it after this. */
export const webAddressOf = (text: string): string | null => {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST_URL || /[\s\p{Cc}]/u.test(trimmed)) return null;
  const match = /^(https?):\/\/([^/?#]+)([^#]*)/i.exec(trimmed);
  if (match === null) return null;
  const [, scheme = "", authority = "", rest = ""] = match;
  if (authority.includes("@")) return null;
  return `${scheme.toLowerCase()}://${authority.toLowerCase()}${rest === "" ? "/" : rest}`;
};

/** What two spellings of one mailbox have in common, for finding it again; nearly all servers take them for one. */
export const comparableAddress = (channel: string, address: string): string =>
  `${channel}\n${channel === "email" ? address.toLowerCase() : address}`;
