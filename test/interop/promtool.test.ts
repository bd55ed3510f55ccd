import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { createFidelity } from "#lib/config/foreign/fidelity.ts";
import type { RuleFile } from "#lib/config/foreign/to-prometheus-rules.ts";
import { toPrometheusRules } from "#lib/config/foreign/to-prometheus-rules.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { DAY_MS, durationMs } from "#lib/core/units.ts";
import { ROOT, temporaryFolder } from "#test/support/instance.ts";
import { sampleConfig, sampleService, sampleSlo } from "#test/support/sample-config.ts";

vi.setConfig({ testTimeout: 600_000 });
const run = promisify(execFile);
const PROGRAM = "/usr/bin/promtool";
const isMissing = !existsSync(PROGRAM);
const why = isMissing ? " (skipped: promtool is not installed)" : "";
const CASES = join(ROOT, "test", "fixtures", "slo-cases", "cases");

type Episode = { readonly fires_at_minute: number; readonly resolves_at_minute: number | null };
type Case = {
  readonly name: string;
  readonly objective_exact: string;
  readonly end_minute: number;
  readonly series: readonly (readonly [number, number, number, number])[];
  readonly exclusions_half_open_minutes?: readonly (readonly [number, number])[];
  readonly expected: {
    readonly alerts: Readonly<Record<string, readonly Episode[]>>;
    readonly alerts_28d_policy: Readonly<Record<string, readonly Episode[]>>;
    readonly samples: readonly { minute: number; windows: Record<string, { bad: number; total: number }> }[];
  };
};
/** Fewer collections: promtool's heap is small, and most of its time goes into making rubbish. */
const OPTIONS = { maxBuffer: 1e8, env: { ...process.env, GOGC: "800" } };
/** Three days of quiet before one plain outage each: promtool takes 2 ms a minute, and they show nothing that the others do not. */
const LEFT_OUT = /^(blip|low_1perMin|flapping|partial|slow_burn|total_outage)_/;
const PAIRS = ["page_1h_5m", "page_6h_30m", "ticket_1d_2h", "ticket_3d_6h"] as const;
/** The pairs for a window of 30 days and of 28 days stand in one SLO: they share all sums. */
const POLICIES = [
  { days: 30, prefix: "", expected: "alerts" },
  { days: 28, prefix: "28d_", expected: "alerts_28d_policy" },
] as const;

/** The minutes of a case in promtool's notation: `5+0x2` is three samples of 5, `_x4` four minutes without one. */
const valuesOf = (slo: Case, field: 2 | 3): string => {
  const minutes = new Array<number | null>(slo.end_minute + 1).fill(null);
  for (const row of slo.series) minutes.fill(row[field], row[0], Math.min(row[0] + row[1], slo.end_minute + 1));
  for (const [from, until] of slo.exclusions_half_open_minutes ?? []) minutes.fill(null, Math.max(0, from), until);
  const runs: { value: number | null; length: number }[] = [];
  for (const value of minutes) {
    const last = runs.at(-1);
    if (last?.value === value) last.length += 1;
    else runs.push({ value, length: 1 });
  }
  return runs.map(({ value, length }) => (value === null ? `_x${length}` : `${value}+0x${length - 1}`)).join(" ");
};

/** What `nines export prometheus-rules` writes, without the rules that no alert depends on. */
const rulesOf = (slo: Case): RuleFile => {
  const source = { url: "http://localhost:9090", headers: {}, auth: null };
  const query = (name: string) => `sum_over_time(${name}[59s])`;
  const definition = sampleSlo({
    id: "case",
    sli: { kind: "promql", source, good: query("case_good"), total: query("case_total") },
    probes: [],
    objective: String(Math.round(Number(slo.objective_exact) * 1e8) / 1e6),
    window: { kind: "rolling", durationMs: durationMs(30 * DAY_MS) },
    burnRateAlerts: POLICIES.flatMap(({ days, prefix }) =>
      defaultPolicy(durationMs(days * DAY_MS), { intervalMs: durationMs(0) }).map((pair) => ({
        ...pair,
        id: `${prefix}${pair.id}`,
      })),
    ),
  });
  const services = [sampleService({ slos: [definition] })];
  const [live] = toPrometheusRules(sampleConfig({ services }), createFidelity()).groups;
  const rules = (live?.rules ?? []).filter((rule) => "alert" in rule || rule.record.startsWith("nines:"));
  return { groups: [{ name: "case", interval: "1m", rules }] };
};

type Check = { expr: string; eval_time: string; exp_samples: { labels: string; value: number }[] };
const valueAt = (expr: string, minute: number, value: number): Check => ({
  expr,
  eval_time: `${minute}m`,
  exp_samples: [{ labels: "{}", value }],
});

const firingChecks = (slo: Case, pair: string, episodes: readonly Episode[]): Check[] => {
  const alerts = `ALERTS{alertstate="firing", pair="${pair}"}`;
  const firing = `count(${alerts}) or vector(0)`;
  const checks = episodes.flatMap(({ fires_at_minute: from, resolves_at_minute: until }) => [
    ...(from > 0 ? [valueAt(firing, from - 1, 0)] : []),
    valueAt(firing, from, 1),
    ...(until === null ? [] : [valueAt(firing, until - 1, 1), valueAt(firing, until, 0)]),
  ]);
  const minutes = episodes.reduce(
    (sum, { fires_at_minute: from, resolves_at_minute: until }) => sum + (until ?? slo.end_minute + 1) - from,
    0,
  );
  // All minutes counted: it fires in these and in no other.
  const all = `sum(count_over_time(${alerts}[${slo.end_minute + 1}m])) or vector(0)`;
  return [...checks, valueAt(all, slo.end_minute, minutes)];
};

const sampleChecks = (slo: Case): Check[] =>
  slo.expected.samples.flatMap(({ minute, windows }) =>
    Object.entries(windows).flatMap(([name, { bad, total }]) =>
      total === 0
        ? []
        : [
            valueAt(`sum(nines:slo_bad:sum${name})`, minute, bad),
            valueAt(`sum(nines:slo_total:sum${name})`, minute, total),
          ],
    ),
  );

/** Runs one case through promtool. Returns what it says, and how much was checked. */
const prove = async (folder: string, slo: Case) => {
  const episodes = POLICIES.flatMap(({ prefix, expected }) =>
    PAIRS.map((pair) => ({ pair: `${prefix}${pair}`, own: slo.expected[expected][pair] ?? [] })),
  );
  const checks = [...episodes.flatMap(({ pair, own }) => firingChecks(slo, pair, own)), ...sampleChecks(slo)];
  const [rules, path] = [join(folder, `${slo.name}.rules.yaml`), join(folder, `${slo.name}.test.yaml`)];
  await writeFile(rules, stringify(rulesOf(slo), { aliasDuplicateObjects: false }));
  const series = [
    { series: "case_good", values: valuesOf(slo, 2) },
    { series: "case_total", values: valuesOf(slo, 3) },
  ];
  const tests = [{ interval: "1m", input_series: series, promql_expr_test: checks }];
  await writeFile(path, stringify({ rule_files: [rules], evaluation_interval: "1m", tests }, { lineWidth: 0 }));
  const result = await run(PROGRAM, ["test", "rules", path], OPTIONS).catch(
    (error: { stdout: string; stderr: string }) => ({ stdout: `FAILED ${error.stdout}`, stderr: error.stderr }),
  );
  const transitions = episodes
    .flatMap(({ own }) => own)
    .reduce((sum, each) => sum + (each.resolves_at_minute === null ? 1 : 2), 0);
  return { says: `${slo.name} ${result.stdout} ${result.stderr}`.slice(0, 2_000), transitions, checks: checks.length };
};

describe.skipIf(isMissing)(`exported rules in Debian's Prometheus${why}`, () => {
  test("fire and resolve in the same minutes as the engine in ten cases, and in no other", async () => {
    const folder = await temporaryFolder("promtool");
    const files = await readdir(CASES);
    const all = await Promise.all(
      files.map(async (file) => JSON.parse(await readFile(join(CASES, file), "utf8")) as Case),
    );
    const queue = all.filter(({ name }) => !LEFT_OUT.test(name));
    expect(queue).toHaveLength(10);
    const results: Awaited<ReturnType<typeof prove>>[] = [];
    const work = async (): Promise<void> => {
      for (let slo = queue.pop(); slo !== undefined; slo = queue.pop()) results.push(await prove(folder.path, slo));
    };
    await Promise.all([work(), work()]);
    for (const { says } of results) expect(says).toMatch(/SUCCESS/);
    expect(results.reduce((sum, { transitions }) => sum + transitions, 0)).toBeGreaterThan(50);
    expect(results.reduce((sum, { checks }) => sum + checks, 0)).toBeGreaterThan(300);
    await folder.remove();
  });
});
