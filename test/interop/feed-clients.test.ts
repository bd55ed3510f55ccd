import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { Statuspage } from "statuspage.io";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { feedFiles } from "#lib/read/feeds/index.ts";
import { createFeedDesk } from "#lib/web/feeds.ts";
import { parseRequestTarget } from "#lib/web/http/request-target.ts";
import { sendRepresentation } from "#lib/web/http/send-representation.ts";
import { createStatuspageCache } from "#lib/web/statuspage-cache.ts";
import { openBrowser } from "#test/support/browser.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { ROOT, temporaryFolder } from "#test/support/instance.ts";
import { badDay } from "#test/support/sample-snapshot.ts";

const XMLLINT = "/usr/bin/xmllint";
const isMissing = !existsSync(XMLLINT);
const why = isMissing ? " (skipped: xmllint is not installed)" : "";
const run = promisify(execFile);

const snapshot = badDay();
const clock = createFakeClock(Date.parse(snapshot.dataAsOf));
let server: Server;
let url = "";

/** The bytes and heads of the product, behind a server of two lines. */
const serve = async (): Promise<void> => {
  const statuspage = createStatuspageCache({ clock, fallbackUrl: () => url });
  const feeds = createFeedDesk({ clock, fallbackUrl: () => url });
  await statuspage.refresh(snapshot);
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const target = parseRequestTarget(req.url ?? "/");
    if (target.kind === "refused") return void res.writeHead(400).end();
    const ids = { requestId: "r", traceId: "t", spanId: "s", parentSpanId: null, startedMs: 0 };
    const exchange = { req, res, ...ids, path: target.path, route: "" };
    const found = statuspage.peek(target.path);
    if (found !== null) return void sendRepresentation(exchange, found);
    if ((await feeds.answer(exchange, target, snapshot)) === null) res.writeHead(404).end();
  };
  server = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

beforeAll(serve);
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("clients of the Statuspage API", () => {
  test("npm statuspage.io reads every list of this server", async () => {
    const client = new Statuspage("any");
    client.setApiUrl(url);
    const { api } = client;
    const summary = await api.getSummary();
    expect(summary.page.name).toBe(snapshot.page.name);
    expect(summary.status.indicator).toBe("critical");
    expect((await api.getStatus()).status).toEqual(summary.status);
    expect((await api.getComponents()).components).toHaveLength(summary.components.length);
    expect((await api.incidents.getUnresolved()).incidents).toHaveLength(summary.incidents.length);
    expect((await api.incidents.getAll()).incidents.length).toBeGreaterThan(summary.incidents.length);
    expect((await api.scheduledMaintenances.getAll()).scheduled_maintenances).toEqual([]);
    expect((await api.scheduledMaintenances.getUpcoming()).scheduled_maintenances).toEqual([]);
    expect((await api.scheduledMaintenances.getActive()).scheduled_maintenances).toEqual([]);
  });

  test("the status widget of Statuspage shows our words on the page of another site, and so does ours", async () => {
    const script = await readFile(join(ROOT, "node_modules/@statuspage/status-widget/dist/index.js"), "utf8");
    const elsewhere = createServer((req, res) => {
      const isScript = req.url?.endsWith(".js") === true;
      res.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
      res.end(
        isScript
          ? script
          : `<!doctype html><meta charset="utf-8"><script src="/w.js"></script><statuspage-widget src="${url}"></statuspage-widget><script src="${url}/widget.js" data-lang="ko"></script>`,
      );
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const { browser, close } = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
      const text = page.locator("statuspage-widget .status-text");
      await text.waitFor({ timeout: 10_000 });
      expect((await text.textContent())?.trim()).toBe("Major Service Outage");
      const own = page.frameLocator("iframe").locator("h1");
      await own.waitFor({ timeout: 10_000 });
      expect(await own.textContent()).toBe("전체 장애");
    } finally {
      await close();
      elsewhere.closeAllConnections();
      elsewhere.close();
    }
  });
});

test("a feed that did not change is answered with 304, one component that is not shown with 404", async () => {
  const first = await fetch(`${url}/feed.atom`);
  expect(first.headers.get("access-control-allow-origin")).toBe("*");
  const headers = { "if-none-match": first.headers.get("etag") ?? "" };
  await clock.advance(60_000);
  expect((await fetch(`${url}/feed.atom`, { headers })).status).toBe(304);
  expect((await fetch(`${url}/feed.atom?component=hidden`)).status).toBe(404);
  expect((await fetch(`${url}/badge/hidden.svg`)).status).toBe(404);
  const badge = await fetch(`${url}/badge/checkout.svg`);
  expect(badge.headers.get("content-type")).toBe("image/svg+xml");
  expect(badge.headers.get("content-security-policy")).toBe("default-src 'none'; style-src 'unsafe-inline'; sandbox");
  expect(badge.headers.get("x-content-type-options")).toBe("nosniff");
});

test.skipIf(isMissing)(`every XML document is well-formed for xmllint${why}`, async () => {
  const folder = await temporaryFolder("xmllint");
  const odd = snapshot.services.map((one) => ({ ...one, name: `${one.name}\u0001<&>"'\ufffe` }));
  const files = feedFiles({ snapshot: { ...snapshot, services: odd }, fallbackUrl: url, isStale: false });
  const documents = [...files].filter(([path]) => /\.(svg|rss|atom|xml)$/.test(path));
  const paths = await Promise.all(
    documents.map(async ([path, { body }]) => {
      const file = join(folder.path, path.replaceAll("/", "_"));
      await writeFile(file, body);
      return file;
    }),
  );
  const { stderr } = await run(XMLLINT, ["--noout", "--nonet", ...paths]);
  expect(stderr).toBe("");
  await folder.remove();
});
