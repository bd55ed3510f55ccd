import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { openBrowser } from "./browser.ts";
import { traceFigures } from "./figures.ts";
import { accessibilityFaults, buildPages, scrollsSideways, takePicture } from "./page-harness.ts";
import { startWebRole } from "./web-role.ts";

/** The dashboards of the real web role over a database that a test has filled, and a browser to look at them. */
export type AdminSite = {
  readonly url: string;
  readonly database: Database;
  /** A sign-in link that was not used yet. */
  readonly newLink: () => Promise<string>;
  /** A context of somebody who is signed in; reduced motion, 10 s of patience. */
  readonly signedIn: (options: BrowserContextOptions) => Promise<BrowserContext>;
  /** The same of nobody. */
  readonly openContext: (options: BrowserContextOptions) => Promise<BrowserContext>;
  readonly close: () => Promise<void>;
};

/** The options of a context for a look. */
export const lookOf = (width: number, theme: "light" | "dark"): BrowserContextOptions => ({
  viewport: { width, height: 900 },
  colorScheme: theme,
});

export const startAdminSite = async (seed: (database: Database) => Promise<unknown>): Promise<AdminSite> => {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end();
  };
  await buildPages();
  const cluster = await startTemporary();
  closers.push(cluster.stop);
  await migrate({ url: cluster.server.url });
  const database = openDatabase({ url: cluster.server.url, applicationName: "browser-test" });
  closers.push(() => database.close());
  await seed(database);
  const dataDir = await mkdtemp(join(tmpdir(), "nines-admin-"));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  const role = await startWebRole({ databaseUrl: cluster.server.url, dataDir });
  closers.push(role.close);
  const opened = await openBrowser();
  closers.push(opened.close);
  const { browser } = opened;
  const { url } = role;

  const newLink = async (): Promise<string> => {
    const { token } = await createSignInLink(database, { now: systemClock.now(), actor: "test", randomBytes });
    return `${url}/admin/sign-in?token=${token}`;
  };
  const openContext = async (options: BrowserContextOptions): Promise<BrowserContext> => {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(10_000);
    // The first page of a process is slower than all others.
    context.setDefaultNavigationTimeout(30_000);
    return context;
  };
  const signedIn = async (options: BrowserContextOptions): Promise<BrowserContext> => {
    const context = await openContext(options);
    const page = await context.newPage();
    await page.goto(await newLink());
    await page.locator("main form button[type=submit]").last().click();
    await page.waitForURL(({ pathname }) => pathname !== "/admin/sign-in");
    await page.close();
    return context;
  };
  return { url, database, newLink, signedIn, openContext, close };
};

const WIDTHS = [360, 768, 1440] as const;
const THEMES = ["light", "dark"] as const;

/** Where colours and layout differ most, axe looks at everything; in between at what a look can change. */
const WHOLE = new Set(["360 dark", "1440 light"]);
const OF_LOOKS = [
  "color-contrast",
  "target-size",
  "scrollable-region-focusable",
  "link-in-text-block",
  "label",
  "link-name",
];

type Inspected = { readonly faults: readonly string[]; readonly figures: number };

/**
 * Looks at a page that is open at three widths in two themes without loading it anew: axe, no sideways scrolling, a
 * picture; then traces its figures. Folded forms are opened first; long tables stay folded, as readers find them.
 */
export const inspectPage = async (context: BrowserContext, page: Page, name: string): Promise<Inspected> => {
  const faults: string[] = [];
  await page.evaluate(() => {
    for (const fold of document.querySelectorAll("main details:is(.fold, .act):not([open])")) {
      fold.setAttribute("open", "");
      fold.setAttribute("data-opened", "");
    }
  });
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const look = `${width} ${theme}`;
      if (await scrollsSideways(page)) faults.push(`${look}: scrolls sideways`);
      faults.push(
        ...(await accessibilityFaults(page, WHOLE.has(look) ? undefined : OF_LOOKS)).map(
          (fault) => `${look}: ${fault}`,
        ),
      );
      await takePicture(page, `admin-${name}-${width}-${theme}`);
    }
  }
  const traced = await traceFigures(context, page);
  await page.evaluate(() => {
    for (const fold of document.querySelectorAll("[data-opened]")) fold.removeAttribute("open");
    for (const fold of document.querySelectorAll("[data-opened]")) fold.removeAttribute("data-opened");
  });
  return { faults: [...faults, ...traced.faults], figures: traced.count };
};
