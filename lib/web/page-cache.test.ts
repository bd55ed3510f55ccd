import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { calmDay, SAMPLE_NOW } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { FakeRenderer } from "#test/support/web-site.ts";
import { fakeRenderer } from "#test/support/web-site.ts";
import type { Representation } from "./http/representation.ts";
import type { PageCache } from "./page-cache.ts";
import { createPageCache } from "./page-cache.ts";
import { createTemplateStore } from "./template-store.ts";

let clock: FakeClock;
let renderer: FakeRenderer;
let pages: PageCache;
let folder: string;

const at = (ms: number): string => new Date(Date.parse(SAMPLE_NOW) + ms).toISOString();
const oneLanguage = (rest: Partial<Snapshot> = {}): Snapshot => {
  const snapshot = calmDay();
  return {
    ...snapshot,
    page: { ...snapshot.page, languages: ["en"] },
    services: snapshot.services.slice(0, 2),
    ...rest,
  };
};
const text = (representation: Representation | null): string => representation?.variants.identity.body.toString() ?? "";
const storeOf = (buildId = "b1") => createTemplateStore({ folder, buildId, log: silentLogger });
const cacheOf = (store = storeOf()) =>
  createPageCache({ render: renderer.render, clock, log: silentLogger, store, rendersAlways: false });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-pages-"));
  clock = createFakeClock(Date.parse(SAMPLE_NOW));
  renderer = fakeRenderer();
  pages = cacheOf();
});
afterEach(async () => {
  await pages.settled();
  await rm(folder, { recursive: true, force: true });
});

describe("a public page", () => {
  test("a thousand visitors of a cold page cost one rendering", async () => {
    pages.accept(oneLanguage());
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => pages.get("home", "en")));
    expect(new Set(answers).size).toBe(1);
    expect(renderer.rendered).toEqual(["/render/en"]);
    expect(pages.stats.finishes).toBe(1);
  });

  test("is finished bytes afterwards, without scripts, with the instant filled in", async () => {
    pages.accept(oneLanguage());
    expect(pages.peek("home", "en")).toBeNull();
    await pages.get("home", "en");
    const body = text(pages.peek("home", "en"));
    expect(body).toContain(`<time datetime="${SAMPLE_NOW}">14:07:31 UTC</time>`);
    expect(body).not.toMatch(/<script|as="script"|STALE|data-cut|@@/);
  });

  test("a newer snapshot with the same content renders nothing, and moves the instant within 5 s", async () => {
    pages.accept(oneLanguage());
    await pages.get("home", "en");
    for (let second = 1; second <= 6; second += 1) {
      await clock.advance(1_000);
      pages.accept(oneLanguage({ version: 4_711 + second, dataAsOf: at(second * 1_000), builtAt: at(second * 1_000) }));
      await pages.tick();
    }
    await waitFor(
      "the pages of both services",
      () => renderer.rendered.filter((path) => path.includes("/services/")).length === 2,
    );
    expect(renderer.rendered.filter((path) => path === "/render/en")).toHaveLength(1);
    expect(text(pages.peek("home", "en"))).toMatch(/14:07:3[67] UTC/);
  });

  test("a changed state is rendered at once, changed figures within 5 s", async () => {
    const first = oneLanguage();
    pages.accept(first);
    await pages.get("home", "en");
    const [service, ...others] = first.services as [Snapshot["services"][0], ...Snapshot["services"]];
    const figures = { ...first, services: [{ ...service, latencyNowMs: 999 }, ...others] };
    pages.accept(figures);
    await pages.tick();
    expect(renderer.rendered.filter((path) => path === "/render/en")).toHaveLength(1);
    await clock.advance(5_000);
    await pages.tick();
    await waitFor("the figures", () => renderer.rendered.filter((path) => path === "/render/en").length === 2);

    pages.accept({ ...figures, services: [{ ...service, published: "major_outage" }, ...others] });
    await waitFor("the state", () => renderer.rendered.filter((path) => path === "/render/en").length === 3);
  });

  test("turns stale by itself 15 s after its data, and fresh again with new data", async () => {
    pages.accept(oneLanguage());
    await pages.get("home", "en");
    await clock.advance(15_000);
    await pages.tick();
    expect(text(pages.peek("home", "en"))).not.toContain("STALE");
    await clock.advance(1_000);
    await pages.tick();
    expect(text(pages.peek("home", "en"))).toContain("STALE");
    pages.accept(oneLanguage({ version: 5_000, dataAsOf: at(16_000) }));
    await pages.tick();
    expect(text(pages.peek("home", "en"))).not.toContain("STALE");
  });

  test("that cannot be rendered keeps its last content and tells that content's instant", async () => {
    const first = oneLanguage();
    pages.accept(first);
    await pages.get("home", "en");
    renderer.onRender = () => Promise.reject(new Error("Next fell over"));
    for (let second = 1; second <= 17; second += 1) {
      await clock.advance(1_000);
      pages.accept({ ...first, version: 4_711 + second, dataAsOf: at(second * 1_000), overall: "major_outage" });
      await pages.tick();
    }
    const body = text(await pages.get("home", "en"));
    expect(body).toContain("14:07:31 UTC");
    expect(body).toContain("STALE");
  });

  test("of a service that left the configuration is gone, on disk too", async () => {
    pages.accept(oneLanguage());
    await pages.get("service:shop", "en");
    await waitFor("the file", async () => (await readdir(folder)).length >= 1);
    const left = oneLanguage();
    pages.accept({ ...left, services: left.services.filter(({ id }) => id !== "shop") });
    expect(pages.has("service:shop")).toBe(false);
    expect(await pages.get("service:nobody", "en")).toBeNull();
    await pages.settled();
    expect((await storeOf().load()).map(({ pageId }) => pageId)).not.toContain("service:shop");
  });
});

describe("after a restart", () => {
  const renderOnce = async (): Promise<void> => {
    pages.accept(oneLanguage());
    await pages.get("home", "en");
    await waitFor("the file", async () => (await readdir(folder)).some((name) => name.endsWith(".json")));
  };

  test("stored pages are served without Next", async () => {
    await renderOnce();
    renderer = fakeRenderer();
    renderer.onRender = () => Promise.reject(new Error("Next is not there yet"));
    pages = cacheOf();
    await pages.loadFromDisk();
    pages.accept(oneLanguage());
    expect(pages.isReady("home", "en")).toBe(true);
    expect(text(await pages.get("home", "en"))).toContain("14:07:31 UTC");
    expect(renderer.rendered).not.toContain("/render/en");
  });

  test("pages of another build are not used: their style sheets are gone", async () => {
    await renderOnce();
    pages = cacheOf(storeOf("b2"));
    await pages.loadFromDisk();
    expect(pages.isReady("home", "en")).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test("damaged files are ignored", async () => {
    await renderOnce();
    for (const name of await readdir(folder)) await writeFile(join(folder, name), '{"pageId":"home","html":"<p>');
    pages = cacheOf();
    await pages.loadFromDisk();
    expect(pages.isReady("home", "en")).toBe(false);
  });
});
