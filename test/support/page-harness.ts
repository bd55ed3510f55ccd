import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import type { BrowserContext, Page, Request } from "playwright-core";
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";

const root = join(fileURLToPath(import.meta.url), "..", "..", "..");
const pictures = join(root, "test-artefacts", "pages");

/** Builds the pages if their sources changed. */
export const buildPages = async (): Promise<void> => {
  const out = new PassThrough();
  out.resume();
  await buildPagesWhenNeeded({ root, env: process.env, out, signal: AbortSignal.timeout(150_000) });
};

export type PageServer = { address: (sample: string, path: string) => string; close: () => void };

/** Starts test/support/page-server.ts. Samples are told apart by host name, which the browser resolves to this machine. */
export const startPageServer = async (): Promise<PageServer> => {
  const child = fork(join(root, "test", "support", "page-server.ts"), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [message] = (await once(child, "message")) as [{ port: number }];
  return {
    address: (sample, path) => `http://${sample}.localhost:${message.port}${path}`,
    close: () => child.disconnect(),
  };
};

/** What a page did while it was looked at. */
export type Visit = {
  readonly page: Page;
  readonly status: number;
  /** Errors on the console: refused by the content policy, not found, thrown. */
  readonly complaints: string[];
  /** Compressed bytes of everything that was loaded. */
  readonly transferred: () => Promise<number>;
  readonly resourceTypes: () => readonly string[];
};

/** Opens an address and waits until everything on it has loaded. */
export const visit = async (context: BrowserContext, address: string): Promise<Visit> => {
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: Request[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfinished", (request) => requests.push(request));
  const response = await page.goto(address, { waitUntil: "load" });
  return {
    page,
    status: response?.status() ?? 0,
    complaints,
    transferred: async () => {
      const sizes = await Promise.all(requests.map((request) => request.sizes()));
      return sizes.reduce((sum, size) => sum + size.responseBodySize + size.responseHeadersSize, 0);
    },
    resourceTypes: () => requests.map((request) => request.resourceType()),
  };
};

/** Violations of WCAG 2.2 AA and of good practice, or of some rules, as one line each; empty is what a test wants. */
export const accessibilityFaults = async (page: Page, rules?: string[]): Promise<string[]> => {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(" | ")}`);
};

/** Whether the page as a whole scrolls sideways; wide tables scroll in regions of their own. */
export const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** Keeps a picture of the whole page under test-artefacts/pages. */
export const takePicture = async (page: Page, name: string): Promise<void> => {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};
