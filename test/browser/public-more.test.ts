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

type Look = { path: string; width?: number; theme?: "light" | "dark"; script?: boolean; sample?: string };

const open = async ({ path, width = 768, theme = "light", script = true, sample = "full-day" }: Look) => {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    javaScriptEnabled: script,
    reducedMotion: "reduce",
    timezoneId: "Asia/Seoul",
  });
  return { ...(await visit(context, server.address(sample, path))), close: () => context.close() };
};

const PATHS = [
  "/",
  "/incidents",
  "/incidents/inc3",
  "/incidents/inc4",
  "/maintenance",
  "/history",
  "/history/2026-07",
  "/not-found",
];

describe("every page with everything on it", () => {
  test.each(
    PATHS.flatMap((path, index) => [
      { path, language: "en", width: 360, theme: "dark" as const },
      {
        path,
        language: index % 2 === 0 ? "ko" : "ru",
        width: index % 2 === 0 ? 1440 : 768,
        theme: "light" as const,
      },
    ]),
  )("$path in $language at $width px, $theme", async ({ path, language, width, theme }) => {
    const { page, status, complaints, close } = await open({ path: `${path}?lang=${language}`, width, theme });
    expect(status).toBe(200);
    expect(await accessibilityFaults(page), "accessibility").toEqual([]);
    expect(complaints, "console").toEqual([]);
    expect(await scrollsSideways(page), "sideways scrolling").toBe(false);
    expect(await page.locator("[style], style").count(), "inline styles").toBe(0);
    expect(await page.locator("body").innerText(), "placeholders").not.toMatch(/\{\w+\}|@@|undefined|NaN/);
    await takePicture(page, `full-day${path.replace(/[^a-z0-9]+/gi, "-")}-${language}-${width}-${theme}`);
    await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    expect(await scrollsSideways(page), "sideways scrolling, right to left").toBe(false);
    await close();
  });
});

test("without a script every page says the same, and its disclosures open", async () => {
  for (const path of PATHS) {
    const texts: string[] = [];
    for (const script of [true, false]) {
      const { page, close } = await open({ path, script });
      await page.evaluate(() => document.querySelector(".filter")?.remove());
      texts.push(await page.locator("main").innerText());
      await close();
    }
    expect(texts[1], path).toBe(texts[0]);
  }
  const { page, close } = await open({ path: "/", script: false });
  const why = page.locator(".service").filter({ hasText: "Account area" }).locator("details");
  expect(await why.getByText("Planned work is under way").isVisible()).toBe(false);
  await why.locator("summary").click();
  expect(await why.getByText("Planned work is under way").isVisible()).toBe(true);
  expect(await why.innerText()).toContain("without the times that are excluded");
  await close();
});

test.each([
  { path: "/incidents", width: 360, theme: "dark" as const, says: "Earlier months" },
  { path: "/history", width: 768, theme: "light" as const, says: "2 incidents" },
  { path: "/history/2023-05", width: 360, theme: "light" as const, says: "Slow answers in 2023" },
  { path: "/incidents/old2", width: 1440, theme: "dark" as const, says: "A cache was too small" },
])("what is long over is told at $path as everything else is", async ({ path, width, theme, says }) => {
  const { page, status, complaints, close } = await open({ path, width, theme, sample: "long-history" });
  expect(status).toBe(200);
  expect(await page.locator("main").innerText()).toContain(says);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
  expect(complaints).toEqual([]);
  expect(await page.locator("head meta[name=description]").getAttribute("content")).not.toBe("");
  await takePicture(page, `long-history${path.replace(/[^a-z0-9]+/gi, "-")}-${width}-${theme}`);
  if (path === "/incidents/old2") {
    await page.getByRole("link", { name: "Earlier: Slow answers in 2023" }).click();
    await page.waitForURL(/\/incidents\/old1/);
  }
  await close();
});

test("the head of a page says where feeds and other languages are, and what the owner wants of search engines", async () => {
  const { page, close } = await open({ path: "/incidents/inc3?lang=ko" });
  const links = await page
    .locator("head link[rel=alternate], head link[rel=canonical]")
    .evaluateAll((all) =>
      all.map((one) => `${one.getAttribute("type") ?? one.getAttribute("hreflang")} ${one.getAttribute("href")}`),
    );
  const own = "https://status.acme.example/incidents/inc3";
  expect(links.sort()).toEqual(
    [
      "application/rss+xml /feed.rss",
      "application/atom+xml /feed.atom",
      "application/feed+json /feed.json",
      "text/calendar /calendar.ics",
      `en ${own}`,
      `ko ${own}?lang=ko`,
      `ru ${own}?lang=ru`,
      `x-default ${own}`,
      `null ${own}?lang=ko`,
    ].sort(),
  );
  const meta = (query: string) => page.locator(`head meta${query}`).getAttribute("content");
  expect(await meta("[name=robots]")).toBe("noindex, nofollow");
  expect(await meta('[property="og:title"]')).toContain("결제에서 카드를 사용할 수 없었습니다");
  expect(await page.getByText("09:26부터 카드 결제가 정상입니다.").isVisible()).toBe(true);
  await close();
});

test("the owner's colour, logo and links are on the page, and nothing of it is inline", async () => {
  const { page, close } = await open({ path: "/" });
  const link = page.getByRole("link", { name: "Full history" });
  expect(await link.evaluate((one) => getComputedStyle(one).color)).toBe("rgb(109, 47, 181)");
  expect(await page.locator(".brand img").evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0);
  expect(await page.getByRole("link", { name: "Help" }).getAttribute("href")).toBe("https://acme.example/help");
  await close();
});

describe("what the script adds", () => {
  test("a theme of one's own that stays, and times in one's own zone", async () => {
    const { page, close } = await open({ path: "/incidents/inc3" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await ground()).toBe("rgb(255, 255, 255)");
    await page.getByRole("button", { name: "Theme: as the system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    expect(await ground()).toBe("rgb(19, 20, 19)");
    await page.reload();
    expect(await ground()).toBe("rgb(19, 20, 19)");
    expect(await page.locator(".time time").first().innerText()).toBe("24 July, 09:31");
    await page.getByRole("button", { name: "Times in my time zone" }).click();
    expect(await page.locator(".time time").first().innerText()).toContain("18:31");
    expect(await accessibilityFaults(page)).toEqual([]);
    await close();
  });

  test("a filter that hides what does not fit, and a page that follows the snapshot without losing what was opened", async () => {
    const { page, complaints, close } = await open({ path: "/", sample: "twenty-services" });
    await page.getByLabel("Filter services").fill("number 12");
    expect(await page.locator(".service:visible").count()).toBe(1);
    await page.locator(".service:visible summary").click();
    const told = page.waitForResponse((response) => response.url() === page.url());
    await page.evaluate(() => document.querySelector("#services")?.setAttribute("data-old", ""));
    await page.evaluate(() => fetch("/live/tell?event=snapshot"));
    await told;
    await page.waitForFunction(() => document.querySelector("#services[data-old]") === null);
    expect(await page.locator(".service:visible").count()).toBe(1);
    expect(await page.locator("details[open]").count()).toBe(1);
    expect(complaints).toEqual([]);
    await close();
  });
});
