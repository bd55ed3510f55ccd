import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import { absentDatabase, fakeRenderer, startTestSite } from "#test/support/web-site.ts";
import { silentAccessLog } from "./http/access-log.ts";
import { openWebServer } from "./server.ts";
import type { WebBackArgs } from "./web-args.ts";

test("pages on disk are answered while the rest is still being loaded; everything else waits for it", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "nines-front-"));
  const before = await startTestSite({ snapshot: calmDay(), dataDir });
  await waitFor("the page", async () => (await fetch(before.url)).status === 200);
  await before.stop();

  const rest = Promise.withResolvers<WebBackArgs>();
  const renderer = fakeRenderer();
  const server = await openWebServer(
    {
      host: "127.0.0.1",
      port: 0,
      dataDir,
      staticDir: join(dataDir, "static"),
      buildId: "test",
      isProduction: true,
      clock: systemClock,
      log: silentLogger,
      accessLog: silentAccessLog,
      renderer,
      randomBytes,
    },
    () => rest.promise,
  );
  const url = `http://127.0.0.1:${server.port}`;
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("<h1>/render/en #");
  const summary = (await (await fetch(`${url}/api/v2/summary.json`)).json()) as { page: { name: string } };
  expect(summary.page.name).toBe(calmDay().page.name);
  expect(renderer.rendered).toEqual([]);

  const live = fetch(`${url}/health/live`).then(({ status }) => status);
  const absent = fetch(`${url}/nobody-lives-here`).then(({ status }) => status);
  expect(await Promise.race([live, absent, fetch(url).then(() => "the page")])).toBe("the page");
  rest.resolve({
    version: "0",
    database: absentDatabase(),
    secretBox: createSecretBox(new Uint8Array(32)),
    collectMetrics: () => Promise.resolve(""),
  });
  await server.whole;
  expect(await live).toBe(200);
  expect(await absent).toBe(404);
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("who waits is not left waiting when the rest cannot be loaded", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "nines-front-"));
  const rest = Promise.withResolvers<WebBackArgs>();
  rest.promise.catch(() => {});
  const front = {
    ...{ host: "127.0.0.1", port: 0, dataDir, staticDir: join(dataDir, "static"), buildId: "test", isProduction: true },
    ...{ clock: systemClock, log: silentLogger, accessLog: silentAccessLog, renderer: fakeRenderer(), randomBytes },
  };
  const server = await openWebServer(front, () => rest.promise);
  const asked = fetch(`http://127.0.0.1:${server.port}/v1/slos`);
  rest.reject(new Error("no memory is left"));
  await expect(server.whole).rejects.toThrow("no memory is left");
  await expect(asked).rejects.toThrow();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});
