/** How urgent a message looks: `critical` wakes someone, `good` is the end of something bad, `neutral` is for the record. */
export type Tone = "critical" | "warning" | "good" | "neutral";

export type NoticeLink = { readonly label: string; readonly url: string };

/**
 * What every channel says in its own shape: one message that explains itself without a dashboard at hand.
 * All texts are plain, without control characters; each channel escapes them for its own markup.
 */
export type Notice = {
  /** The event's id: the same on every retry. */
  readonly eventId: string;
  readonly eventType: string;
  /** Messages about one alert or one incident share it: services that keep state use it as their key. */
  readonly thread: string;
  /** What else a message that tells several things is about; left out: nothing. */
  readonly relatedThreads?: readonly string[];
  readonly tone: Tone;
  /** Whether this message opens, continues or ends what `thread` names. */
  readonly phase: "begins" | "acknowledged" | "goes_on" | "ends" | "note";
  /** One line: what happened to what. */
  readonly title: string;
  /** One to three sentences: what burns, how fast, since when, what to do. */
  readonly text: string;
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly links: readonly NoticeLink[];
  readonly serviceId: string | null;
  /** As people know it; left out: not known. */
  readonly serviceName?: string;
  readonly severity: "page" | "ticket" | null;
  /** When what `thread` names began, and when it ended. */
  readonly beganAtMs: number;
  readonly endedAtMs: number | null;
  readonly occurredAtMs: number;
  /** Name of the status page, as the sender. */
  readonly sender: string;
};

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Takes control, zero-width and direction characters out of a text: names come from people. */
export const plainText = (text: string): string => text.replaceAll(CONTROL, "").trim();

/**
 * Shortens a text to `most` UTF-16 units, at a word's end where one is near, and says so with an ellipsis.
 * A pair of surrogates is never split.
 */
export const clip = (text: string, most: number): string => {
  if (text.length <= most) return text;
  if (most <= 1) return text.slice(0, Math.max(0, most)).replace(/[\ud800-\udbff]$/, "");
  const cut = text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "");
  const space = cut.lastIndexOf(" ");
  return `${(space > most * 0.8 ? cut.slice(0, space) : cut).trimEnd()}\u2026`;
};

/** The longest clipped beginning of a text that `fits`, which must hold for every shorter one too. */
const clipWhile = (text: string, fits: (clipped: string) => boolean): string => {
  if (fits(text)) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(clip(text, middle))) low = middle;
    else high = middle - 1;
  }
  return clip(text, low);
};

/** Shortens a text to `most` bytes of UTF-8, as `clip` does. */
export const clipBytes = (text: string, most: number): string =>
  clipWhile(text, (clipped) => byteLength(clipped) <= most);

/** Escapes a text so that the result has `most` units at most; an escape is never cut in two. */
export const clipEscaped = (text: string, most: number, escape: (text: string) => string): string =>
  escape(clipWhile(text.slice(0, most + 1), (clipped) => escape(clipped).length <= most));

/** Length of a text in UTF-8. A lone surrogate counts as the three bytes of its replacement. */
export const byteLength = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};
