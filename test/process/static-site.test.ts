import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { openStaticFiles } from "#lib/web/http/static-files.ts";
import { createPageCache } from "#lib/web/page-cache.ts";
import { publishStaticSite } from "#lib/web/static-site/publish-static-site.ts";
import { seededRandom } from "../faults/rig/scenario.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { ROOT } from "../support/instance.ts";
import { badDay, SAMPLE_NOW } from "../support/sample-snapshot.ts";
import { renderWithLink } from "../support/static-site-pages.ts";
import { waitFor } from "../support/wait-for.ts";

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "nines-static-"));
  folder = join(parent, "site");
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const LOOK_MS = 2_000;

/** The loop of the web role over a real folder, with a clock that the test moves. */
const startPublishing = (first: Snapshot) => {
  let view = first;
  let isPublic = true;
  const render = renderWithLink();
  const clock = createFakeClock(Date.parse(SAMPLE_NOW));
  const pages = createPageCache({ render, clock, log: silentLogger, store: null, rendersAlways: false });
  pages.accept(view);
  const stopping = new AbortController();
  const ended = openStaticFiles("none").then((files) =>
    publishStaticSite({
      desk: { snapshot: () => view, pages, isPublic: () => isPublic },
      files,
      clock,
      log: silentLogger,
      signal: stopping.signal,
      baseUrl: () => "https://status.example.com",
      readDirectory: () => Promise.resolve(folder),
    }),
  );
  return {
    show: (next: Snapshot) => {
      view = next;
      pages.accept(next);
    },
    hide: () => {
      isPublic = false;
    },
    /** Lets the loop look once, and waits until it sleeps again. */
    look: async (afterMs = LOOK_MS) => {
      await clock.whenSleeping();
      await clock.advance(afterMs);
      await clock.whenSleeping();
    },
    ready: () => clock.whenSleeping(),
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
};

/** Every file below the folder with the number of its inode: a file that is written again gets another one. */
const filesOf = async (): Promise<Map<string, number>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = new Map<string, number>();
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(folder.length + 1), (await stat(path)).ino);
  }
  return found;
};

const changesBetween = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] =>
  [...after].filter(([path, inode]) => before.get(path) !== inode).map(([path]) => path);

test("a change of the page changes the files that show it and leaves the others alone; a page that is no longer public stays as it is", async () => {
  const site = startPublishing(badDay());
  await site.ready();
  const first = await filesOf();
  expect(first.size).toBeGreaterThan(20);

  await site.look();
  expect(changesBetween(first, await filesOf())).toEqual([]);

  const [incident, ...others] = badDay().incidents;
  if (incident === undefined) throw new Error("the sample has no incident");
  site.show({ ...badDay(), incidents: [{ ...incident, name: "A cable was cut" }, ...others] });
  await site.look();
  const second = await filesOf();
  const changed = changesBetween(first, second);
  expect(changed).toEqual(
    expect.arrayContaining([
      "index.html",
      "ko/index.html",
      `incidents/${incident.id}/index.html`,
      "api/v2/summary.json",
      "feed.rss",
    ]),
  );
  for (const path of ["badge/shop.svg", "404.html", "api/v2/components.json"]) {
    expect(second.has(path), path).toBe(true);
    expect(changed, path).not.toContain(path);
  }
  expect(changed.length).toBeLessThan(second.size);
  expect(await readFile(join(folder, "api/v2/summary.json"), "utf8")).toContain("A cable was cut");

  site.hide();
  site.show({ ...badDay(), incidents: [{ ...incident, name: "For few" }, ...others] });
  await site.look();
  expect(changesBetween(second, await filesOf())).toEqual([]);
  await site.stop();
});

const LINK = /(?:href|src)="([^":#?]+\.(?:css|js|svg|rss|ics|json))"/g;

/** What a visitor would miss: files of the list that are not there, pages and data that end in the middle, dead links. */
const faultsOf = async (): Promise<string[]> => {
  const faults: string[] = [];
  let links = 0;
  const list = JSON.parse(await readFile(join(folder, ".nines-site.json"), "utf8")) as {
    files: Record<string, string>;
  };
  const found = await filesOf();
  for (const path of Object.keys(list.files)) {
    if (!found.has(path)) faults.push(`${path} is not there`);
    const text = await readFile(join(folder, path), "utf8").catch(() => "");
    if (path.endsWith(".html") && !text.trimEnd().endsWith("</html>")) faults.push(`${path} ends in the middle`);
    if (path.endsWith(".json")) JSON.parse(text);
    for (const [, link = ""] of path.endsWith(".html") ? text.matchAll(LINK) : []) {
      if (link.startsWith("/")) continue;
      links += 1;
      const target = join("/", path, "..", link).slice(1);
      if (!found.has(target)) faults.push(`${path} links to ${link}, which is not there`);
    }
  }
  if (links === 0) faults.push("no page has a link to another file");
  return faults;
};

const KILLS = 3;

test(`of a writer that is killed ${KILLS} times in the middle a whole site stays, and the next one finishes it and tidies up`, async () => {
  const random = seededRandom(11);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const writer = fork(join(ROOT, "test", "support", "static-site-publisher.ts"), [folder, `writer ${kill}`], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(writer, "exit");
    const isWriting = async () => (await readFile(join(folder, "index.html"), "utf8")) !== before;
    const before = await readFile(join(folder, "index.html"), "utf8").catch(() => "");
    await waitFor("the writer to be at work", () => isWriting().catch(() => false), { deadlineMs: 30_000, everyMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, random() * 60));
    writer.kill("SIGKILL");
    await ended;
    expect(await faultsOf()).toEqual([]);
  }
  const site = startPublishing(badDay());
  await site.ready();
  expect(await faultsOf()).toEqual([]);
  expect([...(await filesOf()).keys()].filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect(await readdir(parent)).toEqual(["site"]);
  expect(await readFile(join(folder, "api/v2/summary.json"), "utf8")).toContain(`"name":"${badDay().page.name}"`);
  await site.stop();
});
