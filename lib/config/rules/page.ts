import type { Check } from "../scalars.ts";

// What the page's owner may choose of its looks: an image that can run nothing, and a colour that everybody can read.

/** Part of every page, and hardly to be compressed: it must not weigh more than the page itself. */
export const MAX_LOGO = 16_384;

/** How each kind of image begins. */
const STARTS: Readonly<Record<string, (bytes: Buffer) => boolean>> = {
  "image/svg+xml": (bytes) => /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?<svg[\s>]/.test(bytes.toString("utf8")),
  "image/png": (bytes) => bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  "image/jpeg": (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  "image/webp": (bytes) =>
    bytes.subarray(0, 4).toString("latin1") === "RIFF" && bytes.subarray(8, 12).toString("latin1") === "WEBP",
};

/** As an `<img>` no image runs scripts or loads anything, an SVG neither; it still has to be what it says. */
export const checkLogo: Check<string> = (text) => {
  if (text.length > MAX_LOGO) return { kind: "limit", message: `must have at most ${MAX_LOGO} characters` };
  const parts = /^data:([a-z]+\/[a-z+]+);base64,([A-Za-z0-9+/]+={0,2})$/.exec(text);
  const isOfType = STARTS[parts?.[1] ?? ""];
  if (parts === null || isOfType === undefined) {
    return { kind: "format", message: "must be an SVG, PNG, JPEG or WebP image as data:TYPE;base64,BYTES" };
  }
  return isOfType(Buffer.from(parts[2] ?? "", "base64"))
    ? null
    : { kind: "format", message: `does not hold the ${parts[1]} that it names` };
};

/** The grounds that links stand on, the hardest one of each theme: see app/_styles/tokens.css. */
const GROUNDS = {
  light: ["#ffffff", "#f0f7f2", "#f4f4f5", "#fcf0ee"],
  dark: ["#131413", "#221c0e", "#25180f"],
} as const;
/** WCAG 2.2, 1.4.3. */
const LEAST_CONTRAST = 4.5;

/** Relative luminance of `#rrggbb` (WCAG 2.2, "relative luminance"). */
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export const contrastOf = (one: string, other: string): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

/** A colour that can be read on the grounds of a theme: contrast of WCAG 2. */
export const checkAccent =
  (theme: keyof typeof GROUNDS): Check<string> =>
  (text) => {
    if (!/^#[0-9a-f]{6}$/i.test(text)) return { kind: "format", message: "must be a colour such as #1d4fbf" };
    const contrast = Math.min(...GROUNDS[theme].map((ground) => contrastOf(text, ground)));
    if (contrast >= LEAST_CONTRAST) return null;
    const cut = Math.floor(contrast * 100) / 100;
    return {
      kind: "range",
      message: `must stand out from the ${theme} page by ${LEAST_CONTRAST} to 1 to be readable, got ${cut}`,
    };
  };
