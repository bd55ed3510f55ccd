import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { badDay, SAMPLE_NOW } from "#test/support/sample-snapshot.ts";
import { fakeRenderer } from "#test/support/web-site.ts";
import { openStaticFiles } from "../http/static-files.ts";
import { createPageCache } from "../page-cache.ts";
import { archivedFiles, writeStaticArchive } from "./static-archive.ts";
import { withoutServed, withStaticLinks } from "./static-links.ts";
import type { StaticSite } from "./static-site.ts";
import { buildStaticSite } from "./static-site.ts";
import { writeStaticSite } from "./write-static-site.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-site-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const build = async (view = badDay()): Promise<StaticSite> => {
  const { render } = fakeRenderer();
  const clock = createFakeClock(Date.parse(SAMPLE_NOW));
  const pages = createPageCache({ render, clock, log: silentLogger, store: null, rendersAlways: false });
  pages.accept(view);
  const files = await openStaticFiles(join(folder, "none"));
  const { site } = await buildStaticSite({
    view,
    pages,
    files,
    fallbackUrl: "https://status.example.com",
    isStale: false,
  });
  return site;
};
const namesIn = async (path: string): Promise<string[]> => (await readdir(path)).sort();

describe("the page as files", () => {
  test("holds every page in every language, the API and the feeds, and is the same for the same snapshot", async () => {
    const site = await build();
    const [first, ...others] = badDay().page.languages;
    expect(first).toBe("en");
    for (const path of [
      "index.html",
      "services/shop/index.html",
      "incidents/index.html",
      "incidents/inc1/index.html",
      "maintenance/index.html",
      "history/index.html",
      "404.html",
    ]) {
      expect(site.has(path), path).toBe(true);
      for (const language of others) expect(site.has(`${language}/${path}`), path).toBe(true);
    }
    for (const path of ["api/v2/summary.json", "feed.rss", "calendar.ics", "badge/shop.svg"])
      expect(site.has(path), path).toBe(true);
    const again = await build();
    const numberless = (bytes: Buffer | undefined): string => (bytes?.toString() ?? "").replace(/#\d+/, "");
    expect([...again.keys()]).toEqual([...site.keys()]);
    for (const [path, body] of site) expect(numberless(again.get(path)), path).toBe(numberless(body));
  });

  const layout = {
    languages: ["en" as const, "ko" as const],
    pageIds: new Set(["home", "service:shop", "incidents", "not-found"] as const),
    files: new Set(["/_next/static/a.css", "/feed.rss"]),
  };
  test.each([
    { from: { pageId: "home", language: "en" }, link: "/services/shop#why", to: "services/shop/#why" },
    { from: { pageId: "home", language: "en" }, link: "?lang=ko", to: "ko/" },
    { from: { pageId: "service:shop", language: "ko" }, link: "/", to: "../../" },
    { from: { pageId: "service:shop", language: "ko" }, link: "?lang=en", to: "../../../services/shop/" },
    { from: { pageId: "service:shop", language: "en" }, link: "/_next/static/a.css", to: "../../_next/static/a.css" },
    { from: { pageId: "incidents", language: "en" }, link: "/feed.rss", to: "../feed.rss" },
    {
      from: { pageId: "incidents", language: "en" },
      link: "https://elsewhere.example/",
      to: "https://elsewhere.example/",
    },
    { from: { pageId: "home", language: "en" }, link: "/admin/slos", to: "/admin/slos" },
    { from: { pageId: "not-found", language: "ko" }, link: "/services/shop", to: "/ko/services/shop/" },
  ] as const)("on $from.pageId in $from.language the link $link becomes $to", ({ from, link, to }) => {
    expect(withStaticLinks(`<a href="${link}">x</a>`, { ...from, layout })).toBe(`<a href="${to}">x</a>`);
  });
});

test("links to what only a running service answers are left out, and the ways that stay read as one line", () => {
  const foot = '<ul><li><a href="/history">History</a></li><li><a href="/openapi.json">API</a></li></ul>';
  const ways = '<span><a href="/subscribe?lang=ko">mail</a></span><span>, <a href="/feed.rss">RSS</a></span>';
  expect(withoutServed(`${ways}${foot}`)).toBe(
    '<span><a href="/feed.rss">RSS</a></span><ul><li><a href="/history">History</a></li></ul>',
  );
});

test("the colours of the page's owner are among the files", async () => {
  const accent = { light: "#6d2fb5", dark: "#d2b3ff" };
  const site = await build({ ...badDay(), page: { ...badDay().page, accent } });
  expect([...site.keys()].filter((path) => path.startsWith("theme-"))).toHaveLength(1);
});

describe("writing the files", () => {
  const site = (files: Record<string, string>): StaticSite =>
    new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

  test("over an older export changes what changed, and removes what is gone", async () => {
    const target = join(folder, "site");
    expect(await writeStaticSite(target, site({ "a.css": "1", "index.html": "1", "old/index.html": "1" }))).toEqual({
      files: 3,
      written: 3,
      removed: 0,
    });
    expect(await writeStaticSite(target, site({ "a.css": "1", "index.html": "2" }))).toEqual({
      files: 2,
      written: 1,
      removed: 1,
    });
    expect(await readFile(join(target, "index.html"), "utf8")).toBe("2");
    expect((await namesIn(target)).filter((name) => !name.startsWith("."))).toEqual(["a.css", "index.html", "old"]);
    expect(await namesIn(join(target, "old"))).toEqual([]);
  });

  test("never touches a folder with files of others", async () => {
    await writeFile(join(folder, "thesis.txt"), "mine");
    await expect(writeStaticSite(folder, site({ "index.html": "1" }))).rejects.toMatchObject({ code: "USAGE" });
    expect(await namesIn(folder)).toEqual(["thesis.txt"]);
  });
});

test("what is long over is written once, its links lead to files, and it goes when it left the page", async () => {
  const entry = (id: string, at: string) => ({
    kind: "incident" as const,
    id,
    name: id,
    at,
    serviceIds: [],
    stamp: "1",
  });
  const archive = [entry("new1", "2021-05-02T10:00:00.000Z"), entry("old1", "2019-05-02T10:00:00.000Z")];
  const { render, rendered } = fakeRenderer();
  const clock = createFakeClock(Date.parse(SAMPLE_NOW));
  const pages = createPageCache({ render, clock, log: silentLogger, store: null, rendersAlways: false });
  const files = await openStaticFiles(join(folder, "none"));
  const target = join(folder, "out");
  const write = async (view: ReturnType<typeof badDay>, most = 1_000) => {
    pages.accept(view);
    await pages.settled();
    const { site, layout } = await buildStaticSite({
      view,
      pages,
      files,
      fallbackUrl: "https://a.example",
      isStale: false,
    });
    const source = { view, pages, layout };
    await writeStaticSite(target, site, archivedFiles(source));
    return writeStaticArchive(target, source, { most, others: new Set(site.keys()) });
  };
  const view = { ...badDay(), archive };
  const languages = view.page.languages.length;
  expect(await write(view, 3)).toEqual({ written: 3, removed: 0, isWhole: false });
  expect(await write(view)).toEqual({ written: 4 * languages - 3, removed: 0, isWhole: true });
  const before = rendered.length;
  expect(await write(view)).toEqual({ written: 0, removed: 0, isWhole: true });
  expect(rendered).toHaveLength(before);
  const page = await readFile(join(target, "incidents/old1/index.html"), "utf8");
  expect(page).not.toContain("STALE");
  expect(await namesIn(join(target, "history"))).toEqual(expect.arrayContaining(["2019-05", "2021-05"]));
  expect(await write({ ...view, archive: archive.slice(0, 1) })).toMatchObject({ removed: 2 * languages });
  expect(await namesIn(join(target, "incidents"))).not.toContain("old1/index.html");
});
