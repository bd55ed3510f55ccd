import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { themeSheet } from "#lib/contracts/theme-sheet.ts";
import type { WebContext } from "#lib/read/web-context.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import { PUBLIC_CONTENT_POLICY } from "#lib/web/http/security-headers.ts";
import { openStaticFiles } from "#lib/web/http/static-files.ts";
import { createNextRenderer } from "#lib/web/next-renderer.ts";
import { asOfTextOf, finishPage, stripScripts } from "#lib/web/page-finish.ts";
import { longHistory, readLongHistory } from "./sample-archive.ts";
import * as samples from "./sample-snapshot.ts";

/**
 * Serves sample snapshots through the real build, at the addresses of the real page: the host names the sample, as in
 * `http://bad-day.localhost:1234/services/shop?lang=ko`; with `stale.` before it, the page's stale variant. Run as a
 * process of its own, with an IPC channel: sends `{ port }`, ends when the channel closes.
 */
const SAMPLES: Record<string, () => Snapshot> = {
  "bad-day": samples.badDay,
  "calm-day": samples.calmDay,
  "empty-page": samples.emptyPage,
  "first-minute": samples.firstMinute,
  "everything-unknown": samples.everythingUnknown,
  "twenty-services": samples.twentyServices,
  "two-hundred-services": () => samples.twentyServices(200),
  "long-names": samples.longNames,
  "demo-page": samples.demoPage,
  "full-day": samples.fullDay,
  "long-history": longHistory,
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const compress = promisify(brotliCompress);

let current: Snapshot = samples.emptyPage();
const unused = (what: string) => () => {
  throw new Error(`a public page asked for ${what}`);
};
const context: WebContext = {
  snapshot: () => current,
  archived: readLongHistory,
  get database() {
    return unused("the database")();
  },
  get clock() {
    return unused("the clock")();
  },
  findSession: unused("a session"),
  reportFault: (error, path) => process.stderr.write(`${path}: ${String(error)}\n`),
};
setWebContext(context);

const renderer = await createNextRenderer({
  dir: root,
  isProduction: true,
  log: createLogger({ service: "page-server", level: "error" }),
});
const files = await openStaticFiles(`${root}/.next/static`, `${root}/app/(public)/enhance.js`);

const listeners = new Set<ServerResponse>();

/** One at a time, because the pages read "the" snapshot. */
let queue: Promise<unknown> = Promise.resolve();
const render = (snapshot: Snapshot, path: string): Promise<string> => {
  const rendered = queue.then(() => {
    current = snapshot;
    return renderer.render(path);
  });
  queue = rendered.catch(() => {});
  return rendered;
};

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  try {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    const file = files.get(url.pathname);
    if (file !== null) {
      const { body, okHeaders } = (await file).variants.br;
      response.writeHead(200, [...okHeaders]);
      response.end(body);
      return;
    }
    if (url.pathname === "/live") {
      // Says nothing until a test asks for an event by `/live/tell`.
      response.writeHead(200, { "content-type": "text/event-stream" }).write("retry: 3000\n\n");
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
      return;
    }
    if (url.pathname === "/live/tell") {
      for (const listener of listeners) listener.write(`event: ${url.searchParams.get("event")}\ndata: {}\n\n`);
      response.end();
      return;
    }
    const labels = url.hostname.split(".");
    const isStale = labels[0] === "stale";
    const snapshot = SAMPLES[labels[isStale ? 1 : 0] ?? ""]?.();
    if (snapshot === undefined) throw new Error(`no sample for ${url.hostname}`);
    const theme = themeSheet(snapshot.page);
    if (theme !== null && url.pathname === theme.path) {
      response.setHeader("content-type", "text/css; charset=utf-8").end(theme.css);
      return;
    }
    const language = url.searchParams.get("lang") ?? snapshot.page.languages[0] ?? "en";
    const html = await render(snapshot, `/render/${language}${url.pathname === "/" ? "" : url.pathname}`);
    const page = finishPage(stripScripts(html), {
      asOfIso: snapshot.dataAsOf,
      asOfText: asOfTextOf(Date.parse(snapshot.dataAsOf), snapshot.page.timeZone, language),
      isStale,
      scriptPath: files.scriptPath,
    });
    response.setHeader("content-type", "text/html; charset=utf-8").setHeader("content-encoding", "br");
    response.setHeader("content-security-policy", PUBLIC_CONTENT_POLICY);
    response.end(await compress(page));
  } catch (error) {
    response.statusCode = 404;
    response.end(String(error));
  }
};
const server = createServer((request, response) => void answer(request, response));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  process.send?.({ port: address.port });
});
process.on("disconnect", () => process.exit(0));
