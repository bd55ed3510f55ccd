import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { unpackChromium } from "./unpack-chromium.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const SYSTEM_BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

type Candidate = { executablePath: string; env: Record<string, string> };

/** Which browser to drive: the one named by hand, the packaged one, Playwright's, the system's. */
const findBrowser = async (environment: NodeJS.ProcessEnv, scratch: string): Promise<Candidate> => {
  const named = environment.CHROME_PATH;
  if (named !== undefined && named !== "") return { executablePath: named, env: {} };
  const packaged = await unpackChromium(environment, scratch);
  if (packaged !== null) return packaged;
  const installed = [chromium.executablePath(), ...SYSTEM_BROWSERS].find((path) => path !== "" && existsSync(path));
  if (installed !== undefined) return { executablePath: installed, env: {} };
  throw new Error("no browser for the tests: set CHROME_PATH, or run `npx playwright-core install chromium`");
};

/** A running browser; `close` also removes what it wrote. */
export const openBrowser = async (): Promise<{ browser: Browser; close(): Promise<void> }> => {
  // A home of its own: an ordinary user may have none that can be written to.
  const home = await mkdtemp(join(tmpdir(), "nines-browser-"));
  const { executablePath, env } = await findBrowser(process.env, home);
  const browser = await chromium.launch({
    executablePath,
    args: FLAGS,
    chromiumSandbox: false,
    env: { ...definedOf(process.env), HOME: home, ...env },
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
};

const definedOf = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined));
