import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  collectRoleMetrics,
  counter,
  describeProcess,
  histogramWithTraces,
  serializeMerged,
} from "#lib/runtime/metrics.ts";
import { metricsFormatFor } from "#lib/web/http/negotiate.ts";
import { temporaryFolder } from "#test/support/instance.ts";
import { waitFor } from "#test/support/wait-for.ts";

const PROGRAM = "/usr/bin/prometheus";
const isMissing = !existsSync(PROGRAM);
const why = isMissing ? " (skipped: prometheus is not installed)" : "";
const TRACE = "0af7651916cd43dd8448eb211c80319c";

let target: Server;
let prometheus: ChildProcess | null = null;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let url = "";
const formats = new Set<string>();

const freePort = async (): Promise<number> => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

beforeAll(async () => {
  if (isMissing) return;
  describeProcess({ role: "probe", withProcessMetrics: true });
  counter({ name: "nines_runs_total", help: "Runs.", labels: ["class"] }).inc({ class: "ok" }, 3);
  const durations = histogramWithTraces({
    name: "nines_run_duration_seconds",
    help: 'Runs, "all" of them.',
    labels: ["type"],
    buckets: [0.1, 1],
  });
  durations.observe(0.5, { type: "http" }, TRACE);
  target = createServer((req, res) => {
    const format = metricsFormatFor(req.headers.accept);
    formats.add(format);
    void collectRoleMetrics()
      .then((metrics) => serializeMerged([metrics], format))
      .then(({ contentType, body }) => res.writeHead(200, { "content-type": contentType }).end(body));
  });
  await once(target.listen(0, "127.0.0.1"), "listening");
  folder = await temporaryFolder("open-metrics");
  const config = join(folder.path, "prometheus.yml");
  const { port } = target.address() as AddressInfo;
  await writeFile(
    config,
    `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: nines, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]\n`,
  );
  const own = await freePort();
  url = `http://127.0.0.1:${own}`;
  prometheus = spawn(
    PROGRAM,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, "data")}`,
      `--web.listen-address=127.0.0.1:${own}`,
      "--enable-feature=exemplar-storage",
    ],
    { stdio: "ignore" },
  );
}, 30_000);

afterAll(async () => {
  if (isMissing) return;
  if (prometheus !== null && prometheus.exitCode === null) {
    prometheus.kill("SIGTERM");
    await once(prometheus, "exit");
  }
  await new Promise((resolve) => target.close(resolve));
  await folder.remove();
}, 30_000);

type Answer = { readonly data: unknown };
const ask = async (path: string): Promise<Answer | null> => {
  try {
    return (await (await fetch(`${url}${path}`)).json()) as Answer;
  } catch {
    return null;
  }
};

test.skipIf(isMissing)(
  `Prometheus reads our OpenMetrics whole, with the trace id of a run${why}`,
  async () => {
    const now = Math.floor(Date.now() / 1_000);
    const exemplars = `/api/v1/query_exemplars?query=nines_run_duration_seconds_bucket&start=${now - 600}&end=${now + 600}`;
    await waitFor("the trace id", async () => JSON.stringify((await ask(exemplars))?.data ?? null).includes(TRACE), {
      deadlineMs: 20_000,
    });
    expect([...formats]).toEqual(["openmetrics"]);
    const up = await ask("/api/v1/query?query=up");
    expect(JSON.stringify(up)).toMatch(/"value":\[[\d.]+,"1"\]/);
    const runs = await ask("/api/v1/query?query=nines_runs_total");
    expect(JSON.stringify(runs)).toMatch(/"class":"ok".*"3"\]/);
  },
  30_000,
);
