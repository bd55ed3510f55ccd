import type { Metadata } from "next";
import type { ReactNode } from "react";
import { themeSheet } from "#lib/contracts/theme-sheet.ts";
import { directionOf } from "../../../_words/index.ts";
import { loadView } from "../../_parts/view.ts";
import "../../public.css";

// Rendered in the web role for its page cache, at every change of the snapshot; never at build time.
export const dynamic = "force-dynamic";

export const metadata: Metadata = { icons: { icon: "/favicon.svg" } };
export const viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

/** The root of the public pages. It has a layout of its own so that `<html lang>` follows the path. */
const PublicLayout = async (props: { children: ReactNode; params: Promise<{ language: string }> }) => {
  const { language, snapshot } = await loadView(props.params);
  const theme = themeSheet(snapshot.page);
  return (
    <html lang={language} dir={directionOf(language)}>
      <head>{theme === null ? null : <link rel="stylesheet" href={theme.path} />}</head>
      <body>{props.children}</body>
    </html>
  );
};
export default PublicLayout;
