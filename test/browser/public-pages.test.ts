import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "#test/support/browser.ts";
import type { PageServer } from "#test/support/page-harness.ts";
import {
  accessibilityFaults,
  buildPages,
  scrollsSideways,
  startPageServer,
  takePicture,
  visit,
} from "#test/support/page-harness.ts";

let browser: Browser;
let closeBrowser: () => Promise<void>;
let server: PageServer;

beforeAll(async () => {
  await buildPages();
  ({ browser, close: closeBrowser } = await openBrowser());
  server = await startPageServer();
});

afterAll(async () => {
  server?.close();
  await closeBrowser?.();
});

const WIDTHS = [360, 768, 1440] as const;
const THEMES = ["light", "dark"] as const;
const LANGUAGES = ["en", "ko", "ru"] as const;
type Look = { sample: string; path: string; width: number; theme: "light" | "dark"; script?: boolean };

const open = async ({ sample, path, width, theme, script = true }: Look) => {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    javaScriptEnabled: script,
    reducedMotion: "reduce",
  });
  return { ...(await visit(context, server.address(sample, path))), close: () => context.close() };
};

const nameOf = ({ sample, path, width, theme }: Look): string =>
  `${sample}${path.replace(/[^a-z0-9]+/gi, "-").replace(/-$/, "")}-${width}-${theme}`;

/** Our own script, by a name that follows its bytes; the framework's are cut out. */
const OWN_SCRIPT = "/_static/enhance-HASH.js";
const addressesOfScripts = (scripts: Element[]): string[] =>
  scripts.map((script) => (script.getAttribute("src") ?? "inline").replace(/-[\w-]+\.js$/, "-HASH.js"));

/** What must hold on every public page, however it is looked at. */
const expectGood = async (look: Look): Promise<void> => {
  const { page, status, complaints, resourceTypes, close } = await open(look);
  try {
    expect(status).toBe(200);
    expect(await accessibilityFaults(page), "accessibility").toEqual([]);
    expect(complaints, "console").toEqual([]);
    expect(await scrollsSideways(page), "sideways scrolling").toBe(false);
    expect(await page.locator("script").evaluateAll(addressesOfScripts), "scripts").toEqual([OWN_SCRIPT]);
    expect(await page.locator("[style], style").count(), "inline styles").toBe(0);
    expect(resourceTypes().filter((type) => type === "script").length, "loads").toBe(1);
    expect(await page.content()).not.toContain("@@");
    await takePicture(page, nameOf(look));
  } finally {
    await close();
  }
};

const PATHS = ["/", "/services/checkout"];
const looks = PATHS.flatMap((path) =>
  LANGUAGES.flatMap((language, at) =>
    WIDTHS.flatMap((width, wide) =>
      // Each width in both themes in one language, and in one of them in the others.
      THEMES.filter((_, one) => language === "en" || (at + wide) % 2 === one).map((theme) => ({
        path,
        language,
        width,
        theme,
      })),
    ),
  ),
);

describe("a bad day, in every language, width and theme", () => {
  test.each(looks)("$path in $language at $width px, $theme", async ({ path, language, width, theme }) => {
    await expectGood({ sample: "bad-day", path: `${path}?lang=${language}`, width, theme });
  });
});

const SAMPLES = [
  { sample: "calm-day", path: "/" },
  { sample: "stale.bad-day", path: "/" },
  { sample: "demo-page", path: "/" },
  { sample: "empty-page", path: "/" },
  { sample: "first-minute", path: "/" },
  { sample: "first-minute", path: "/services/shop" },
  { sample: "everything-unknown", path: "/" },
  { sample: "long-names", path: "/" },
  { sample: "long-names", path: "/services/long" },
  { sample: "bad-day", path: "/services/webhooks" },
];

describe("every other state of the page", () => {
  test.each(
    SAMPLES.flatMap((one) => [
      { ...one, width: 360, theme: "dark" as const },
      { ...one, width: 1440, theme: "light" as const },
    ]),
  )("$sample $path at $width px, $theme", (look) => expectGood(look));

  test("two hundred services render without sideways scrolling", () =>
    expectGood({ sample: "two-hundred-services", path: "/", width: 360, theme: "light" }));
});

test("the first view of twenty services and ninety days is at most 50 kB, style sheet and icon included", async () => {
  const { transferred, close } = await open({ sample: "twenty-services", path: "/", width: 1440, theme: "light" });
  const bytes = await transferred();
  await close();
  expect(bytes).toBeGreaterThan(4_000);
  expect(bytes).toBeLessThanOrEqual(50_000);
});

test("the banner stands on the stale page only, and tells from when the data is", async () => {
  const stale = await open({ sample: "stale.bad-day", path: "/", width: 768, theme: "light" });
  expect(await stale.page.getByRole("status").innerText()).toContain("14:07:31 UTC");
  await stale.close();
  const fresh = await open({ sample: "bad-day", path: "/", width: 768, theme: "light" });
  expect(await fresh.page.getByRole("status").count()).toBe(0);
  await fresh.close();
});

test("a reader gets from the first page to a service, to another language and back", async () => {
  const { page, complaints, close } = await open({ sample: "bad-day", path: "/", width: 360, theme: "light" });
  await page.getByRole("link", { name: "Shop API" }).click();
  await page.getByRole("heading", { level: 1, name: "Shop API" }).waitFor();
  await page.getByRole("link", { name: "Русский" }).click();
  await page.getByText("Почему мы так считаем").waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("ru");
  await page.locator(".up a").click();
  await page.getByRole("heading", { level: 1, name: "Checkout не работает." }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("written from right to left the page still fits", async () => {
  const { page, close } = await open({ sample: "bad-day", path: "/", width: 360, theme: "light" });
  await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  expect(await scrollsSideways(page)).toBe(false);
  await takePicture(page, "bad-day-rtl-360-light");
  await close();
});

test("on paper and in forced colours the states stay readable", async () => {
  const { page, close } = await open({ sample: "bad-day", path: "/", width: 768, theme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe("rgb(0, 0, 0)");
  expect(await page.evaluate(() => getComputedStyle(document.querySelector(".state.ok") as Element).color)).toBe(
    "rgb(35, 128, 77)",
  );
  expect(await page.locator(".langs").isVisible()).toBe(false);
  await takePicture(page, "bad-day-print-768");
  await page.emulateMedia({ media: "screen", forcedColors: "active", colorScheme: "light" });
  expect(await page.locator(".state").first().innerText()).toBe("Major outage");
  await takePicture(page, "bad-day-forced-colours-768");
  await close();
});

test("only addresses that exist are linked", async () => {
  const { page, close } = await open({ sample: "bad-day", path: "/", width: 768, theme: "light" });
  const hrefs = await page.locator("a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
  await close();
  const known =
    /^(#[\w-]+|\/(#[\w-]+)?|\?lang=\w\w|\/services\/[a-z-]+|\/incidents(\/\w+)?|\/maintenance|\/history|\/subscribe|\/feed\.(rss|atom)|\/calendar\.ics|\/api\/v2\/summary\.json|\/openapi\.json)$/;
  expect(hrefs.filter((href) => !known.test(href))).toEqual([]);
});
