// Publishes a page as files that changes at every look, as fast as it can, until it is killed: for tests of that.

import { epochMs } from "#lib/core/units.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { openStaticFiles } from "#lib/web/http/static-files.ts";
import { createPageCache } from "#lib/web/page-cache.ts";
import { publishStaticSite } from "#lib/web/static-site/publish-static-site.ts";
import { badDay, SAMPLE_NOW } from "./sample-snapshot.ts";
import { renderWithLink } from "./static-site-pages.ts";

const [directory = "", name = ""] = process.argv.slice(2);
const render = renderWithLink();
let looks = 0;
const nextView = () => {
  const view = badDay();
  looks += 1;
  return { ...view, page: { ...view.page, name: `${name} ${looks}` } };
};
// The pause between two looks is next to nothing, so that a kill nearly always meets a writer at work.
const clock = {
  now: () => epochMs(Date.parse(SAMPLE_NOW)),
  monotonicMs: () => performance.now() * 1_000,
  sleep: (_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, 1);
      signal.addEventListener("abort", () => clearTimeout(timer));
    }),
};
const pages = createPageCache({ render, clock, log: silentLogger, store: null, rendersAlways: false });
const files = await openStaticFiles("none");
await publishStaticSite({
  desk: {
    snapshot: () => {
      const view = nextView();
      pages.accept(view);
      return view;
    },
    pages,
    isPublic: () => true,
  },
  files,
  clock,
  log: silentLogger,
  signal: new AbortController().signal,
  baseUrl: () => "https://status.example.com",
  readDirectory: () => Promise.resolve(directory),
});
