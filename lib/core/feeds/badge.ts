import { element, withoutForbidden, xmlText } from "./xml.ts";

export const BADGE_STYLES = ["flat", "flat-square", "plastic", "for-the-badge", "social"] as const;
export type BadgeStyle = (typeof BADGE_STYLES)[number];

export type Badge = {
  readonly label: string;
  readonly message: string;
  /** "#23804d"; dark enough for white text. */
  readonly color: string;
};

/** Advance widths of Verdana from space to tilde, in thousandths of the type size. */
const WIDTHS = [
  352, 394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454, 636, 636, 636, 636, 636, 636, 636,
  636, 636, 636, 454, 454, 818, 818, 818, 545, 1000, 684, 686, 698, 771, 632, 575, 775, 751, 421, 455, 693, 557, 843,
  748, 787, 603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 818, 636, 636, 601, 623, 521, 623,
  596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607, 623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525, 635,
  454, 635, 818,
];
const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60]|\p{Extended_Pictographic}/u;
const MARK = /\p{M}/u;

const widthOf = (character: string): number => {
  const known = WIDTHS[(character.codePointAt(0) ?? 0) - 32];
  if (known !== undefined) return known;
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 1_000 : 650;
};

/** How wide a text is, in whole pixels; other typefaces are pressed into it by `textLength`. */
const textWidth = (text: string, fontPx: number): number =>
  Math.ceil(([...text].reduce((sum, character) => sum + widthOf(character), 0) * fontPx) / 1_000);

const LABEL_COLOR = "#555";
const FONT = "Verdana,Geneva,DejaVu Sans,sans-serif";
/** How rounded the corners are, and whether there is a shine. */
const LOOKS: Readonly<Record<Exclude<BadgeStyle, "social">, { radius: number; shine: string; height: number }>> = {
  flat: { radius: 3, shine: "flat", height: 20 },
  "flat-square": { radius: 0, shine: "", height: 20 },
  plastic: { radius: 4, shine: "plastic", height: 18 },
  "for-the-badge": { radius: 0, shine: "", height: 28 },
};
const STOPS: Readonly<Record<string, string>> = {
  flat: '<stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/>',
  plastic:
    '<stop offset="0" stop-color="#fff" stop-opacity=".7"/><stop offset=".1" stop-color="#aaa" stop-opacity=".1"/><stop offset=".9" stop-opacity=".3"/><stop offset="1" stop-opacity=".5"/>',
};

type Words = { readonly label: string; readonly message: string; readonly fontPx: number; readonly padding: number };

const root = (width: number, height: number, title: string, content: string): string =>
  `${element("svg", element("title", xmlText(title)) + content, {
    xmlns: "http://www.w3.org/2000/svg",
    width: String(width),
    height: String(height),
    role: "img",
    "aria-label": title,
  })}\n`;

const textAt = (text: string, args: { left: number; width: number; y: number; extra?: Record<string, string> }) =>
  text === ""
    ? ""
    : element("text", xmlText(text), {
        x: String(args.left + args.width / 2),
        y: String(args.y),
        textLength: String(args.width),
        lengthAdjust: "spacingAndGlyphs",
        ...args.extra,
      });

const twoBoxes = (style: Exclude<BadgeStyle, "social">, color: string, title: string, words: Words): string => {
  const { radius, shine, height } = LOOKS[style];
  const { label, message, fontPx, padding } = words;
  const labelWidth = textWidth(label, fontPx);
  const messageWidth = textWidth(message, fontPx);
  const left = label === "" ? 0 : labelWidth + 2 * padding;
  const width = left + messageWidth + 2 * padding;
  const size = { height: String(height) };
  const box = (x: number, w: number, fill: string): string =>
    w === 0 ? "" : element("rect", "", { x: String(x), width: String(w), ...size, fill });
  const gradient = shine === "" ? "" : element("linearGradient", STOPS[shine] ?? "", { id: "s", x2: "0", y2: "100%" });
  const clip = element("clipPath", element("rect", "", { width: String(width), ...size, rx: String(radius) }), {
    id: "r",
  });
  const boxes = `${box(0, left, LABEL_COLOR)}${box(left, width - left, color)}${shine === "" ? "" : box(0, width, "url(#s)")}`;
  const y = Math.round(height / 2 + fontPx * 0.36);
  const texts = [
    textAt(label, { left: padding, width: labelWidth, y }),
    textAt(message, { left: left + padding, width: messageWidth, y }),
  ];
  const bold: Record<string, string> = style === "for-the-badge" ? { "font-weight": "bold" } : {};
  return root(
    width,
    height,
    title,
    gradient +
      clip +
      element("g", boxes, { "clip-path": "url(#r)" }) +
      element("g", texts.join(""), {
        fill: "#fff",
        "text-anchor": "middle",
        "font-family": FONT,
        "font-size": String(fontPx),
        ...bold,
      }),
  );
};

const social = ({ label, message }: Badge, title: string): string => {
  const labelWidth = textWidth(label, 11);
  const messageWidth = textWidth(message, 11);
  const left = labelWidth + 12;
  const bubble = left + 6;
  const width = bubble + messageWidth + 12;
  const frame = { y: "0.5", height: "19", rx: "2", stroke: "#d5d5d5" };
  const boxes =
    element("rect", "", { x: "0.5", width: String(left), ...frame, fill: "#fcfcfc" }) +
    element("rect", "", { x: String(bubble - 0.5), width: String(width - bubble), ...frame, fill: "#fafafa" });
  const texts =
    textAt(label, { left: 6, width: labelWidth, y: 14, extra: { "font-weight": "bold" } }) +
    textAt(message, { left: bubble + 6, width: messageWidth, y: 14 });
  const group = { fill: "#333", "text-anchor": "middle", "font-family": `Helvetica Neue,${FONT}`, "font-size": "11" };
  return root(width, 20, title, boxes + element("g", texts, group));
};

/** A badge as SVG without script, link or anything from elsewhere. Every text in it is escaped. */
export const badgeSvg = (badge: Badge, style: BadgeStyle): string => {
  const label = withoutForbidden(badge.label);
  const message = withoutForbidden(badge.message);
  const title = label === "" ? message : `${label}: ${message}`;
  if (style === "social") return social({ ...badge, label, message }, title);
  if (style === "for-the-badge") {
    const words = { label: label.toUpperCase(), message: message.toUpperCase(), fontPx: 10, padding: 11 };
    return twoBoxes(style, badge.color, title, words);
  }
  return twoBoxes(style, badge.color, title, { label, message, fontPx: 11, padding: 6 });
};

/** How long a shields server may keep a badge; it takes no less. */
const CACHE_SECONDS = 300;

/** The endpoint schema of shields.io, which refuses keys that it does not know. */
export const shieldsJson = ({ label, message, color }: Badge, isError: boolean): string =>
  `${JSON.stringify({ schemaVersion: 1, label, message, color, ...(isError ? { isError } : {}), cacheSeconds: CACHE_SECONDS })}\n`;
