const SCRIPT_ELEMENT = /<script\b[^>]*>[\s\S]*?<\/script\s*>/gi;
const LINK_ELEMENT = /<link\b[^>]*>/gi;
const STALE_SPAN =
  /<template data-cut="stale-start"[^>]*><\/template>([\s\S]*?)<template data-cut="stale-end"[^>]*><\/template>/g;

const SCRIPT_MARK = /<template data-cut="script"[^>]*><\/template>/g;

const isScriptLink = (tag: string): boolean =>
  /\brel="?modulepreload/i.test(tag) || (/\brel="?(preload|prefetch)/i.test(tag) && /\bas="?script/i.test(tag));

/**
 * Turns what Next rendered into what a public page may hold: no script elements and no preloads of scripts
 * (the page works without them and its content policy forbids inline ones), nor Next's hidden markers.
 */
export const stripScripts = (html: string): string =>
  html
    .replace(SCRIPT_ELEMENT, "")
    .replace(LINK_ELEMENT, (tag) => (isScriptLink(tag) ? "" : tag))
    .replace(/<!--(?: |\$|\/\$|\$\?|\$!)-->/g, "")
    .replace(/<div hidden=""><\/div>/g, "");

export type Finish = {
  readonly asOfIso: string;
  readonly asOfText: string;
  readonly isStale: boolean;
  /** Address of our own script; null without one. */
  readonly scriptPath: string | null;
};

/** Fills in when the data is from and which script may help, and keeps the stale banner only when the data is old. */
export const finishPage = (template: string, { asOfIso, asOfText, isStale, scriptPath }: Finish): string =>
  template
    .replace(SCRIPT_MARK, () => (scriptPath === null ? "" : `<script src="${scriptPath}" defer></script>`))
    .replace(STALE_SPAN, (_all, banner: string) => (isStale ? banner : ""))
    .replaceAll("@@AS_OF_ISO@@", asOfIso)
    .replaceAll("@@AS_OF_TEXT@@", () => asOfText);

/** Time of day in a zone, with the zone's short name in the page's language: "14:07:31 UTC". */
export const asOfTextOf = (atMs: number, timeZone: string, language: string): string => {
  const parts = new Intl.DateTimeFormat(language, {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  }).formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((candidate) => candidate.type === type)?.value ?? "";
  const [hour, minute, second] = [part("hour"), part("minute"), part("second")].map((digits) =>
    digits.padStart(2, "0"),
  );
  return `${hour}:${minute}:${second} ${part("timeZoneName")}`;
};
