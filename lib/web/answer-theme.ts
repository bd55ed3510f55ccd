import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { themeSheet } from "#lib/contracts/theme-sheet.ts";
import type { Exchange } from "./http/exchange.ts";
import { send } from "./http/exchange.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./http/security-headers.ts";

const THEME_PATH = /^\/theme-[0-9a-f]{12}\.css$/;

/**
 * The colours of the page's owner; null for other addresses, and where none were chosen. A page that was rendered before
 * they changed asks for an older name: it gets the present colours, and nobody keeps them under that name.
 */
export const answerTheme = (exchange: Exchange, path: string, snapshot: Snapshot | null): number | null => {
  if (!THEME_PATH.test(path) || snapshot === null) return null;
  const sheet = themeSheet(snapshot.page);
  if (sheet === null) return null;
  exchange.route = "/theme.css";
  const cacheControl = sheet.path === path ? "public, max-age=31536000, immutable" : "no-store";
  const headers = ["Content-Type", "text/css; charset=utf-8", "Content-Length", String(Buffer.byteLength(sheet.css))];
  const rules = ["Cache-Control", cacheControl, "Content-Security-Policy", DATA_CONTENT_POLICY];
  send(exchange, 200, [...headers, ...rules, ...COMMON_HEADERS], sheet.css);
  return 200;
};
