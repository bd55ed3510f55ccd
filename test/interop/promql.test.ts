import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { readPromqlProgress } from "#db/queries/promql.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { durationMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { createPromqlPoller } from "#lib/engine/promql/poll-promql.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { temporaryFolder } from "#test/support/instance.ts";
import { sampleConfig, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";

const secretBox = createSecretBox(randomBytes(32));
const run = promisify(execFile);
/** Whole hours that are over: the first one of the data. */
const START = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 4 * HOUR_MS;
const SCRAPE_MS = 15_000;
/** Events in each scrape interval: 160 and 8 bad ones a minute. */
const [TOTAL_STEP, BAD_STEP] = [40, 2];
/** No scrapes in these minutes; afterwards the counters begin anew. */
const HOLE = { from: START + HOUR_MS + 20 * MINUTE_MS, until: START + HOUR_MS + 35 * MINUTE_MS };

type Scrape = { readonly at: number; readonly total: number; readonly bad: number };
const scrapes = (): Scrape[] => {
  const list: Scrape[] = [];
  let [total, bad] = [1_000, 10];
  for (let at = START; at < START + 3 * HOUR_MS; at += SCRAPE_MS) {
    if (at >= HOLE.from && at < HOLE.until) {
      [total, bad] = [0, 0];
      continue;
    }
    total += TOTAL_STEP;
    bad += BAD_STEP;
    list.push({ at, total, bad });
  }
  return list;
};
const openMetrics = (): string => {
  const lines = (code: string, pick: (scrape: Scrape) => number) =>
    scrapes().map((scrape) => `shop_requests_total{code="${code}"} ${pick(scrape)} ${scrape.at / 1_000}`);
  const all = [...lines("200", ({ total, bad }) => total - bad), ...lines("500", ({ bad }) => bad)];
  return ["# HELP shop_requests Requests.", "# TYPE shop_requests counter", ...all, "# EOF", ""].join("\n");
};

type Server = { readonly url: string; readonly process: ChildProcess };
const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};
const whenUp = (url: string) => waitFor("the server", async () => (await fetch(url)).ok, { deadlineMs: 60_000 });

const startPrometheus = async (folder: string): Promise<Server> => {
  const [data, text, config] = ["data", "metrics.txt", "prometheus.yml"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(text, openMetrics());
  await writeFile(config, "global: {}\n");
  await run("/usr/bin/promtool", ["tsdb", "create-blocks-from", "openmetrics", text, data]);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const child = spawn(
    "/usr/bin/prometheus",
    [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`, "--log.level=error"],
    { stdio: "ignore" },
  );
  await whenUp(`http://${address}/-/ready`);
  return { url: `http://${address}`, process: child };
};

const startVictoria = async (folder: string): Promise<Server> => {
  const data = join(folder, "vm");
  await mkdir(data);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const child = spawn(
    "/usr/bin/victoria-metrics",
    [`-storageDataPath=${data}`, `-httpListenAddr=${address}`, "-loggerLevel=ERROR", "-retentionPeriod=1"],
    { stdio: "ignore" },
  );
  await whenUp(`http://${address}/health`);
  const text = openMetrics().replace(/ (\d+)$/gm, (_all, at: string) => ` ${at}000`);
  const stored = await fetch(`http://${address}/api/v1/import/prometheus`, { method: "POST", body: text });
  expect(stored.status).toBe(204);
  await fetch(`http://${address}/internal/force_flush`);
  return { url: `http://${address}`, process: child };
};

const SERVERS = [
  { name: "prometheus", program: "/usr/bin/prometheus", start: startPrometheus, isHoleEmpty: true },
  // Its increase() is 0 where there are no samples: events that did not happen, not minutes without data.
  { name: "victoria-metrics", program: "/usr/bin/victoria-metrics", start: startVictoria, isHoleEmpty: false },
] as const;

let server: Server | null = null;
let db: TestDatabase | null = null;
let folder: Awaited<ReturnType<typeof temporaryFolder>> | null = null;
afterEach(async () => {
  if (server?.process.exitCode === null) {
    const ended = once(server.process, "exit");
    server.process.kill("SIGKILL");
    await ended;
  }
  await db?.drop();
  await folder?.remove();
  [server, db, folder] = [null, null, null];
});

const configure = async (database: TestDatabase["database"], url: string, now: number): Promise<void> => {
  const windowMs = durationMs(24 * HOUR_MS);
  const queries = {
    good: 'sum(increase(shop_requests_total{code!~"5.."}[1m]))',
    total: "sum(increase(shop_requests_total[1m]))",
  };
  const slo = (id: string, good: string) =>
    sampleSlo({
      id,
      sli: { kind: "promql", source: { url, headers: {}, auth: null }, ...queries, good },
      probes: [],
      window: { kind: "rolling", durationMs: windowMs },
      burnRateAlerts: defaultPolicy(windowMs, { intervalMs: durationMs(0) }),
    });
  const slos = [
    slo("traffic", queries.good),
    slo("broken", "sum(increase(shop_requests_total[1m])"),
    slo("split", "shop_requests_total"),
  ];
  const config = sampleConfig({ services: [sampleService({ slos })], egress: { allow: ["127.0.0.0/8"] } });
  await database.transaction((tx) => applyConfig(tx, { config, now: epochMs(now), secretBox }));
};

for (const { name, program, start, isHoleEmpty } of SERVERS) {
  const isMissing = !existsSync(program);
  const why = isMissing ? ` (skipped: ${name} is not installed)` : "";
  describe.skipIf(isMissing)(`PromQL SLOs read Debian's ${name}${why}`, () => {
    test("counts are exact over the hours, a hole counts nothing, and wrong queries are named", async () => {
      folder = await temporaryFolder("promql");
      await chmod(folder.path, 0o700);
      db = await testDatabase();
      const { database } = db;
      server = await start(folder.path);
      const clock = createFakeClock(START + 3 * HOUR_MS + 30_000);
      await configure(database, server.url, clock.now());
      const lease = await acquireLease(database, { name: "engine", holder: "a", ttlMs: 600_000 });
      if (lease === null) throw new Error("the lease is taken");
      const poller = createPromqlPoller({ database, secretBox, clock, log: silentLogger, random: () => 1 });
      while ((await poller.runOnce(lease, new AbortController().signal)).hasMore);

      const ask = { sloId: "traffic", version: 1, fromAt: epochMs(START), toAt: epochMs(START + 2 * HOUR_MS) };
      const hours = await database.read((sql) => readSliHours(sql, [ask]));
      const sum = (list: readonly number[]) => list.reduce((total, count) => total + count, 0);
      const third = hours.find(({ hourAt }) => hourAt === START + 2 * HOUR_MS);
      const isLastKnown = (third?.total[59] ?? 0) > 0;
      expect(sum(third?.total ?? [])).toBe((isLastKnown ? 60 : 59) * 160);
      expect(sum(third?.total ?? []) - sum(third?.good ?? [])).toBe((isLastKnown ? 60 : 59) * 8);
      const second = hours.find(({ hourAt }) => hourAt === START + HOUR_MS);
      for (let minute = 23; minute < 34; minute += 1) {
        expect([minute, second?.total[minute], (second?.expected[minute] ?? 0) > 0]).toEqual([minute, 0, isHoleEmpty]);
      }
      expect(sum(second?.total ?? [])).toBeGreaterThan(42 * 160);

      const states = await database.read((sql) => readPromqlProgress(sql, null));
      const of = (id: string) => states.find(({ sloId }) => sloId === id);
      expect(of("traffic")).toMatchObject({ state: "ok", lastError: null });
      expect(of("broken")?.lastError).toMatch(/^good: the server answers with an error: /);
      expect(of("split")?.lastError).toMatch(/^good: one series is due, got 2/);
    });
  });
}
