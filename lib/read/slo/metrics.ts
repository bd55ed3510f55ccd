import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import { readNewestReadings } from "#db/queries/listings.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { formatFraction } from "#lib/core/slo/fraction.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { Reading, WindowReading } from "#lib/core/slo/reading.ts";
import { DAY_MS, durationMs, MINUTE_MS } from "#lib/core/units.ts";
import { VERSION } from "#lib/runtime/version.ts";

/** SLOs on `/metrics`, in the order of the file: some 20 series each. More of them are read through the API. */
const MOST_SLOS = 1_000;

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly name: string; readonly labels: Labels; readonly value: string };

const HELP: Readonly<Record<string, string>> = {
  "slo:objective:ratio": "Promised share of good events.",
  "slo:error_budget:ratio": "Share of events that may be bad.",
  "slo:time_period:days": "Length of the window; of a calendar period its nominal length.",
  "slo:current_burn_rate:ratio": "Burn rate over the shortest window that is evaluated.",
  "slo:period_burn_rate:ratio": "Share of the budget that is spent.",
  "slo:period_error_budget_remaining:ratio": "Share of the budget that is left; below zero when overspent.",
  sloth_slo_info: "An SLO with what describes it.",
};

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
const lineOf = ({ name, labels, value }: Sample): string => {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}{${pairs.join(",")}} ${value}`;
};

/** The windows that a reading tells of, each once, shortest first; those without events are left out. */
const windowsOf = ({
  budget,
  pairs,
}: Reading): {
  readonly minutes: number;
  readonly bad: number;
  readonly total: number;
  readonly burnRate: number | null;
}[] => {
  const all: WindowReading[] = pairs.flatMap(({ long, short }) => [long, short]);
  const byMinutes = new Map(all.map((each) => [each.minutes, each]));
  const { windowMinutes: minutes, bad, total, consumed } = budget;
  const whole = { minutes, bad, total, burnRate: consumed };
  return [...[...byMinutes.values()].filter((each) => each.minutes !== minutes), whole]
    .filter((each) => each.total > 0)
    .sort((a, b) => a.minutes - b.minutes);
};

const samplesOf = (slo: SloRow, reading: Reading | null): Sample[] => {
  const { objective, window } = slo.definition;
  const labels = { sloth_id: slo.id, sloth_service: slo.serviceId, sloth_slo: slo.id };
  const { good, budget } = objectiveOfPercent(objective);
  const info = { sloth_mode: "nines", sloth_objective: objective, sloth_spec: "nines/v1", sloth_version: VERSION };
  const samples: Sample[] = [
    { name: "slo:objective:ratio", labels, value: formatFraction(good) },
    { name: "slo:error_budget:ratio", labels, value: formatFraction(budget) },
    { name: "slo:time_period:days", labels, value: String(window.durationMs / DAY_MS) },
    { name: "sloth_slo_info", labels: { ...labels, ...info }, value: "1" },
  ];
  if (reading === null) return samples;
  const windows = windowsOf(reading);
  for (const { minutes, bad, total } of windows) {
    const name = formatDuration(durationMs(minutes * MINUTE_MS));
    samples.push({
      name: `slo:sli_error:ratio_rate${name}`,
      labels: { ...labels, sloth_window: name },
      value: String(bad / total),
    });
  }
  const current = windows[0]?.burnRate ?? null;
  const { consumed, remaining } = reading.budget;
  const figures = [
    ["slo:current_burn_rate:ratio", current],
    ["slo:period_burn_rate:ratio", consumed],
    ["slo:period_error_budget_remaining:ratio", remaining],
  ] as const;
  for (const [name, value] of figures) if (value !== null) samples.push({ name, labels, value: String(value) });
  return samples;
};

/**
 * The SLOs as Prometheus text under the names that Sloth uses, so that dashboards made for it work. Figures are those of
 * the newest reading; a figure without events is left out.
 */
export const readSloMetrics = (database: Database): Promise<string> =>
  database.read(async (db) => {
    const slos = (await readSlos(db)).slice(0, MOST_SLOS);
    const rows = await readNewestReadings(
      db,
      slos.map(({ id }) => id),
    );
    const byId = new Map(rows.map((row) => [row.sloId, row]));
    const samples = slos.flatMap((slo) => {
      const row = byId.get(slo.id);
      // A reading of an earlier definition says nothing about this one. Written by the engine only, so its form is given.
      return samplesOf(slo, row?.version === slo.version ? (JSON.parse(row.reading) as Reading) : null);
    });
    const byName = new Map<string, string[]>();
    for (const sample of samples) {
      const lines = byName.get(sample.name);
      if (lines === undefined) byName.set(sample.name, [lineOf(sample)]);
      else lines.push(lineOf(sample));
    }
    const families = [...byName].map(([name, lines]) => {
      const help = HELP[name] ?? "Share of bad events over the window.";
      return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("\n")}\n`;
    });
    return families.join("\n");
  });
