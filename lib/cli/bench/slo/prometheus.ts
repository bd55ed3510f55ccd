import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import { DAY_MINUTES } from "#lib/core/slo/day-pack.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { fetchOnce } from "../fetch-once.ts";
import { badDay, PER_MINUTE, WINDOW_DAYS } from "./seed.ts";

const FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
const EVALUATE_EVERY_S = 5;
const EVALUATIONS = 6;
const WAIT_MS = 180_000;

type Programs = { readonly prometheus: string; readonly promtool: string };

/** Where Prometheus and its tool are installed; null when they are not. */
export const findPrometheus = (): Programs | null => {
  const find = (name: string): string | undefined =>
    FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
  const [prometheus, promtool] = [find("prometheus"), find("promtool")];
  return prometheus === undefined || promtool === undefined ? null : { prometheus, promtool };
};

type Timing = { readonly clock: Clock; readonly signal: AbortSignal };

export type PrometheusFigures = {
  readonly slos: number;
  /** Milliseconds of one evaluation of all rules, as Prometheus measures it (median). */
  readonly recordedMs: number;
  readonly rawMs: number;
  readonly loadMs: number;
};

/** Windows of the default policy, in Prometheus's words. */
const WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];
/** Factors of a window of 28 days: 2 % in 1 h, 5 % in 6 h, 10 % in 1 d and in 3 d. */
const PAIRS = [
  { long: "1h", short: "5m", factor: 13.44 },
  { long: "6h", short: "30m", factor: 5.6 },
  { long: "1d", short: "2h", factor: 2.8 },
  { long: "3d", short: "6h", factor: 14 / 15 },
];

const runProgram = async (program: string, args: readonly string[]): Promise<void> => {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-500)));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new AppError("INTERNAL", `${program} ended with ${code}: ${said}`);
};

/** The counters of each SLO minute by minute, and its recorded error ratio over 5 minutes, as a metrics file. */
const writeMetrics = async (path: string, slos: number, end: number): Promise<void> => {
  const out = createWriteStream(path);
  const minutes = WINDOW_DAYS * DAY_MINUTES;
  const put = async (lines: string): Promise<void> => {
    if (!out.write(lines)) await once(out, "drain");
  };
  const seriesOf = async (name: string, value: (slo: number, minute: number, bad: number) => number): Promise<void> => {
    await put(`# TYPE ${name} ${name.endsWith("5m") ? "gauge" : "counter"}\n`);
    for (let slo = 0; slo < slos; slo += 1) {
      let [bad, text] = [0, ""];
      let day: readonly number[] | null = null;
      for (let minute = 0; minute < minutes; minute += 1) {
        if (minute % DAY_MINUTES === 0) day = badDay(slo, minute / DAY_MINUTES);
        bad += PER_MINUTE - (day?.[minute % DAY_MINUTES] ?? PER_MINUTE);
        const at = Math.round((end - (minutes - 1 - minute) * MINUTE_MS) / 1_000);
        const suffix = name.endsWith("5m") ? "" : "_total";
        text += `${name}${suffix}{slo="slo-${slo}"} ${value(slo, minute, bad)} ${at}\n`;
        if (text.length < 1_000_000) continue;
        await put(text);
        text = "";
      }
      await put(text);
    }
  };
  await seriesOf("slots", (_, minute) => (minute + 1) * PER_MINUTE);
  await seriesOf("bad_slots", (_, __, bad) => bad);
  await seriesOf("slo:sli_error:ratio_rate5m", () => 0.0005);
  await put("# EOF\n");
  out.end();
  await once(out, "finish");
};

const rateRatio = (slo: number, window: string): string =>
  `sum(rate(bad_slots_total{slo="slo-${slo}"}[${window}])) / sum(rate(slots_total{slo="slo-${slo}"}[${window}]))`;

const indented = (lines: readonly string[]): string => lines.map((line) => `      ${line}`).join("\n");

const recordRule = (record: string, slo: number, expr: string): string =>
  indented([`- record: "${record}"`, `  expr: '${expr}'`, `  labels: { slo: "slo-${slo}" }`]);

/** Rules as Sloth writes them: a ratio recorded for each window, the longest from the recorded 5 minutes, and two alerts. */
const slothRules = (slos: number): string => {
  const rules: string[] = [];
  for (let slo = 0; slo < slos; slo += 1) {
    const at = `{slo="slo-${slo}"}`;
    for (const window of WINDOWS)
      rules.push(recordRule(`slo:sli_error:ratio_rate${window}`, slo, rateRatio(slo, window)));
    const five = `slo:sli_error:ratio_rate5m${at}`;
    const long = `sum_over_time(${five}[${WINDOW_DAYS}d]) / count_over_time(${five}[${WINDOW_DAYS}d])`;
    rules.push(recordRule(`slo:sli_error:ratio_rate${WINDOW_DAYS}d`, slo, long));
    for (const [name, pairs] of [["page", PAIRS.slice(0, 2)] as const, ["ticket", PAIRS.slice(2)] as const]) {
      const holds = (window: string, factor: number): string =>
        `(slo:sli_error:ratio_rate${window}${at} > ${factor * 0.001})`;
      const expr = pairs
        .map(({ long: l, short, factor }) => `(${holds(l, factor)} and ${holds(short, factor)})`)
        .join(" or ");
      rules.push(indented([`- alert: "${name}_${slo}"`, `  expr: '${expr}'`]));
    }
  }
  return rules.join("\n");
};

/** The same four pairs and the budget asked of the raw counters, without anything recorded. */
const rawRules = (slos: number): string => {
  const rules: string[] = [];
  for (let slo = 0; slo < slos; slo += 1) {
    for (const [index, { long, short, factor }] of PAIRS.entries()) {
      const expr = [long, short].map((window) => `(${rateRatio(slo, window)} > ${factor * 0.001})`).join(" and ");
      rules.push(indented([`- alert: "raw_${index}_${slo}"`, `  expr: '${expr}'`]));
    }
    rules.push(recordRule("raw:budget", slo, rateRatio(slo, `${WINDOW_DAYS}d`)));
  }
  return rules.join("\n");
};

const groupOf = (name: string, rules: string): string =>
  `  - name: ${name}\n    interval: ${EVALUATE_EVERY_S}s\n    rules:\n${rules}\n`;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new AppError("INTERNAL", "no free port");
  return address.port;
};

/** The newest duration of each group, and how often each was evaluated. */
const readGroups = async (port: number): Promise<Map<string, { seconds: number; count: number }>> => {
  const groups = new Map<string, { seconds: number; count: number }>();
  const { body } = await fetchOnce({ port, path: "/metrics", headers: [] });
  for (const line of body.toString().split("\n")) {
    const match =
      /^prometheus_rule_(group_last_duration_seconds|group_iterations_total)\{rule_group="[^"]*;(\w+)"\} (\S+)$/.exec(
        line,
      );
    if (match === null) continue;
    const group = groups.get(match[2] ?? "") ?? { seconds: 0, count: 0 };
    groups.set(match[2] ?? "", group);
    if (match[1] === "group_iterations_total") group.count = Number(match[3]);
    else group.seconds = Number(match[3]);
  }
  return groups;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Waits for some evaluations of both groups. @throws AppError INTERNAL when they do not come in time. */
const measureGroups = async (port: number, { clock, signal }: Timing): Promise<{ recorded: number; raw: number }> => {
  const seen = { recorded: new Map<number, number>(), raw: new Map<number, number>() };
  const until = clock.monotonicMs() + WAIT_MS;
  while (Math.min(seen.recorded.size, seen.raw.size) < EVALUATIONS) {
    if (clock.monotonicMs() > until) throw new AppError("INTERNAL", "Prometheus did not evaluate its rules in time");
    await clock.sleep(1_000, signal);
    const groups = await readGroups(port).catch(() => new Map<string, { seconds: number; count: number }>());
    for (const name of ["recorded", "raw"] as const) {
      const group = groups.get(name);
      if (group !== undefined && group.seconds > 0) seen[name].set(group.count, group.seconds * 1_000);
    }
  }
  return { recorded: median([...seen.recorded.values()]), raw: median([...seen.raw.values()]) };
};

/**
 * Loads the same minutes of some SLOs into Debian's Prometheus and reads how long it takes to evaluate Sloth's recorded
 * rules, and the raw window queries, once. Two minutes at most.
 */
export const measurePrometheus = async (
  programs: Programs,
  slos: number,
  timing: Timing,
): Promise<PrometheusFigures> => {
  const { clock } = timing;
  const folder = await mkdtemp(join(tmpdir(), "nines-bench-"));
  try {
    const [metrics, data] = [join(folder, "metrics.om"), join(folder, "data")];
    await mkdir(data);
    // Some minutes ahead, so that the newest windows are full all the while.
    await writeMetrics(metrics, slos, clock.now() + 5 * MINUTE_MS);
    const start = clock.monotonicMs();
    await runProgram(programs.promtool, ["tsdb", "create-blocks-from", "openmetrics", "-q", metrics, data]);
    const loadMs = clock.monotonicMs() - start;
    const groups = groupOf("recorded", slothRules(slos)) + groupOf("raw", rawRules(slos));
    await writeFile(join(folder, "rules.yml"), `groups:\n${groups}`);
    await writeFile(join(folder, "prometheus.yml"), `rule_files: [rules.yml]\n`);
    const port = await freePort();
    const child = spawn(
      programs.prometheus,
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${data}`,
        "--storage.tsdb.retention.time=90d",
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      { stdio: "ignore" },
    );
    const exited = once(child, "exit");
    try {
      const { recorded, raw } = await measureGroups(port, timing);
      return { slos, recordedMs: recorded, rawMs: raw, loadMs };
    } finally {
      child.kill("SIGKILL");
      await exited;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
