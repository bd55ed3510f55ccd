import { createHash } from "node:crypto";
import type { Snapshot } from "./snapshot.ts";

export type ThemeSheet = {
  /** Root-relative; its name follows its bytes, so that it may be kept for ever. */
  readonly path: string;
  readonly css: string;
};

/**
 * The colours that the page's owner chose, as a style sheet of its own: the content policy allows no inline style. Null
 * when nothing was chosen. `data-theme` is set by the page's script when a visitor prefers one.
 */
export const themeSheet = (page: Snapshot["page"]): ThemeSheet | null => {
  const { accent } = page;
  if (accent === undefined) return null;
  const css =
    `:root{--link:${accent.light}}` +
    `@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){--link:${accent.dark}}}` +
    `@media screen{:root[data-theme=dark]{--link:${accent.dark}}}`;
  const hash = createHash("sha256").update(css).digest("hex").slice(0, 12);
  return { path: `/theme-${hash}.css`, css };
};
