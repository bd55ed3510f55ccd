import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { treeCpuUs } from "../process-cpu.ts";
import type { Product } from "./nines.ts";

const EXPORTER = "/usr/bin/prometheus-blackbox-exporter";
const PROMETHEUS = "/usr/bin/prometheus";

/** What Debian has to have installed and has not, in words; null when all is there. */
export const missingPrograms = (): string | null => {
  const missing = [PROMETHEUS, EXPORTER].filter((path) => !existsSync(path));
  return missing.length === 0
    ? null
    : `${missing.join(" and ")} not found: apt-get install prometheus prometheus-blackbox-exporter`;
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const exporterConfig = (caPath: string): string => `modules:
  check:
    prober: http
    timeout: 1s
    http: { preferred_ip_protocol: ip4, tls_config: { ca_file: "${caPath}" } }
`;

const prometheusConfig = (
  urls: readonly string[],
  exporterPort: number,
): string => `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: bench
    metrics_path: /probe
    params: { module: [check] }
    static_configs: [{ targets: [${urls.map((url) => `"${url}"`).join(", ")}] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: "127.0.0.1:${exporterPort}" }
`;

type Pair = { readonly folder: string; readonly exporter: ChildProcess; readonly prometheus: ChildProcess };

const startPair = async (urls: readonly string[], caPath: string): Promise<Pair> => {
  const folder = await mkdtemp(join(tmpdir(), "nines-bench-"));
  const [exporterPort, ownPort] = [await freePort(), await freePort()];
  await writeFile(join(folder, "blackbox.yml"), exporterConfig(caPath));
  await writeFile(join(folder, "prometheus.yml"), prometheusConfig(urls, exporterPort));
  const run = (program: string, args: readonly string[]): ChildProcess => spawn(program, args, { stdio: "ignore" });
  return {
    folder,
    exporter: run(EXPORTER, [
      `--config.file=${join(folder, "blackbox.yml")}`,
      `--web.listen-address=127.0.0.1:${exporterPort}`,
    ]),
    prometheus: run(PROMETHEUS, [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=127.0.0.1:${ownPort}`,
    ]),
  };
};

const stopPair = async ({ folder, exporter, prometheus }: Pair): Promise<void> => {
  for (const child of [prometheus, exporter]) {
    const end = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    if (child.kill("SIGKILL")) await end;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
};

/**
 * blackbox_exporter driven by Prometheus, as Debian packs them. While it rests it is held, since Prometheus takes five
 * seconds from its start to its first check.
 */
export const startBlackbox = ({ caPath }: { caPath: string }): Product => {
  let running: { readonly urls: string; readonly pair: Pair } | null = null;
  const signal = (name: "SIGSTOP" | "SIGCONT"): void => {
    running?.pair.prometheus.kill(name);
    running?.pair.exporter.kill(name);
  };
  const stop = async (): Promise<void> => {
    const ending = running?.pair;
    running = null;
    if (ending !== undefined) await stopPair(ending);
  };
  return {
    probe: async (urls) => {
      const wanted = urls.join(" ");
      if (urls.length === 0) signal("SIGSTOP");
      else if (running?.urls === wanted) signal("SIGCONT");
      else {
        await stop();
        running = { urls: wanted, pair: await startPair(urls, caPath) };
      }
    },
    cpuUs: () => {
      const { exporter, prometheus } = running?.pair ?? {};
      const [probing, storing] = [treeCpuUs(exporter?.pid ?? 0), treeCpuUs(prometheus?.pid ?? 0)];
      return probing === null || storing === null ? null : { probing, storing, rest: 0 };
    },
    stop,
  };
};
