import type { BrowserContext, Page } from "playwright-core";
import { createFormat } from "#app/_view/format.ts";
import { WORDS } from "#app/_words/index.ts";
import type { FigureKind, TableKind } from "#app/(admin)/_parts/figure.tsx";
import { spanOf } from "#app/(admin)/_parts/oncall-words.ts";
import { tookText } from "#app/(admin)/_parts/red-marks.ts";
import {
  attainedText,
  budgetText,
  countText,
  coverageText,
  exhaustedText,
  limitText,
  rateText,
} from "#app/(admin)/_parts/slo-words.ts";
import { ADMIN_WORDS } from "#app/(admin)/_words/index.ts";
import type { SloResource } from "#lib/contracts/api.ts";
import type { MetricsPoint } from "#lib/contracts/metrics.ts";
import type { RunResource } from "#lib/contracts/probes.ts";

// How each kind of figure of the dashboards is written from the API's value, in English.

const format = createFormat(WORDS.en, "UTC");
const words = ADMIN_WORDS.en;
const wording = { words, format };
const NOTHING = "–";
const { sloPage } = words;
const numberOf = (value: unknown): number | null => (value === null ? null : Number(value));
const noData = words.probes.noData;
/** As the text of a page is compared: the space between a number and its unit is a space. */
const plain = (text: string): string => text.replace(/\s+/g, " ").trim();

type Reading = { readonly good: number; readonly total: number };
const attained = (slo: SloResource, reading: Reading | undefined): string =>
  reading === undefined ? NOTHING : attainedText(reading.good, reading.total, slo.objective, format);

/** The text of a figure as pages show it. */
const WRITERS: Readonly<Record<FigureKind, (value: unknown) => string>> = {
  count: (value) => countText(Number(value), format),
  length: (value) => format.integer((value as unknown[]).length),
  share: (value) => coverageText(numberOf(value), format),
  finerShare: (value) => (value === null ? noData : format.percent(Number(value), 3)),
  budget: (value) => budgetText(numberOf(value), format),
  percent: (value) => format.percentText(String(value)),
  attained: (slo) => attained(slo as SloResource, (slo as SloResource).reading ?? undefined),
  attainedRaw: (slo) => attained(slo as SloResource, (slo as SloResource).reading?.raw),
  allowance: (slo) => {
    const { reading, objective } = slo as SloResource;
    if (reading === null || reading.total === 0) return words.slos.facts.nothingCounted;
    const allowed = Math.floor(Number(((reading.total * (100 - Number(objective))) / 100).toFixed(6)));
    const left = allowed - Math.ceil(reading.bad);
    const { leftMore, tooMany } = words.slos.facts;
    const text = left >= 0 ? format.plural(left, leftMore) : format.plural(-left, tooMany);
    return text.replace("{allowed}", format.integer(allowed));
  },
  rate: (value) => rateText(numberOf(value), wording),
  limit: (value) => limitText(String(value), wording),
  exhausted: (value) => exhaustedText(value === null ? null : Number(value) / 60, wording),
  span: (value) => format.span(Number(value) * 1_000),
  spent: (value) => format.percent(Number(value), 0),
  left: (value) => format.percent(1 - Number(value), 1),
  took: (value) => tookText(numberOf(value), format),
  chance: (value) =>
    Number(value) < 0.005
      ? sloPage.feasibility.below.replace("{n}", "0.01")
      : new Intl.NumberFormat("en", { maximumSignificantDigits: 2 }).format(Number(value)),
  after: (value) =>
    value === null
      ? sloPage.feasibility.never
      : value === 0
        ? sloPage.feasibility.atOnce
        : format.span(Number(value) * 1_000),
  text: (value) => (value === null ? NOTHING : String(value)),
  both: (row) => {
    const { would, onlyWould } = row as { would: number; onlyWould: number };
    return format.integer(would - onlyWould);
  },
  duration: (value) => spanOf(String(value), format),
};

const ofPoints =
  (cells: (point: MetricsPoint) => readonly string[]) =>
  (points: unknown): string[][] =>
    (points as MetricsPoint[]).map((point) => [...cells(point)]);
const measured = (point: MetricsPoint, value: number): string => (point.total > 0 ? format.integer(value) : noData);
const PHASES = ["dns", "connect", "tls", "firstByte", "transfer"] as const;

/** The cells of a whole table after the first of each row. */
const TABLES: Readonly<Record<Exclude<TableKind, "days" | "heat" | "errors">, (value: unknown) => string[][]>> = {
  rate: ofPoints((point) => [
    measured(point, point.total),
    format.integer(point.expected),
    point.rate === null ? noData : format.rate(point.rate * 60),
  ]),
  durations: ofPoints(({ durationMs: { p50, p95, p99 } }) =>
    [p50, p95, p99].map((ms) => (ms === null ? noData : tookText(ms, format))),
  ),
  phases: (runs) =>
    (runs as RunResource[]).map(({ locationId, phasesMs, durationMs }) => [
      ...[locationId, ""],
      ...PHASES.map((phase) => tookText(phasesMs?.[phase] ?? null, format)),
      tookText(durationMs, format),
    ]),
};

const sum = (cells: readonly string[]): number =>
  cells.reduce((total, cell) => total + (cell === noData ? 0 : Number(cell.replaceAll(",", ""))), 0);

/** What is wrong with a table whose columns depend on what was seen; null: nothing. */
const judgeTable = (kind: "heat" | "errors", points: readonly MetricsPoint[], rows: readonly string[][]) => {
  if (rows.length !== points.length) return `${rows.length} rows for ${points.length} points`;
  const wrong = points.findIndex((point, index) => {
    const cells = rows[index] ?? [];
    if (kind === "heat") return cells.length > 0 && sum(cells) !== point.total - point.unvoted - point.errors;
    const share = point.errorRatio === null ? noData : plain(format.percent(point.errorRatio, 2));
    const errors = sum(cells.slice(1, -1));
    return cells[0] !== share || errors !== point.errors || cells.at(-1) !== format.integer(point.unvoted);
  });
  return wrong === -1 ? null : `point ${points[wrong]?.at}: ${JSON.stringify(rows[wrong])}`;
};

type Mark = { path: string; pointer: string; kind: string; text: string; rows: string[][] | null };

/** Runs in the page. */
const collect = (): { marks: Mark[]; unmarked: string[] } => {
  const textOf = (node: Element): string => (node.textContent ?? "").replace(/\s+/g, " ").trim();
  const placeOf = (node: Element): string => {
    let place = "";
    for (let at = node.closest("[data-api]"); at !== null; at = at.parentElement?.closest("[data-api]") ?? null) {
      const [path = "", pointer = ""] = (at.getAttribute("data-api") ?? "").split("#");
      place = pointer + place;
      if (path !== "") return `${path}#${place}`;
    }
    return "#";
  };
  const markOf = (node: Element, name: "data-figure" | "data-table"): Mark => {
    const [kind = "", own = ""] = (node.getAttribute(name) ?? "").split(" ");
    const [path = "", above = ""] = placeOf(node).split("#");
    const rows = [...node.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map(textOf));
    return { path, pointer: above + own, kind, text: textOf(node), rows: name === "data-table" ? rows : null };
  };
  const exempt = "[data-figure], time, code, pre, svg, form, a, .hidden, [translate=no], details.fold";
  const unmarked = [...document.querySelectorAll("main td, main dd")].flatMap((cell) => {
    if (cell.closest("[data-figure], [data-table], [translate=no]") !== null) return [];
    const copy = cell.cloneNode(true) as Element;
    for (const one of copy.querySelectorAll(exempt)) one.remove();
    return /\d/.test(copy.textContent ?? "") ? [textOf(cell)] : [];
  });
  const of = (name: "data-figure" | "data-table") =>
    [...document.querySelectorAll(`main [${name}]`)].map((node) => markOf(node, name));
  return { marks: [...of("data-figure"), ...of("data-table")], unmarked };
};

const at = (document: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>(
      (value, key) => (value === null ? null : (value as Record<string, unknown> | undefined)?.[key]),
      document,
    );

const faultOf = (mark: Mark, value: unknown): string | null => {
  const { kind, text, rows } = mark;
  if (value === undefined) return "the API has no such value";
  if (rows === null) {
    const wanted = plain(WRITERS[kind as FigureKind](value));
    return text === wanted ? null : `shows ${text}, the API says ${wanted}`;
  }
  // By day there is no resource: these cells are compared with nothing.
  if (kind === "days") return null;
  if (kind === "heat" || kind === "errors") return judgeTable(kind, value as MetricsPoint[], rows);
  const wanted = TABLES[kind as keyof typeof TABLES](value).map((row) => row.map(plain));
  return JSON.stringify(rows) === JSON.stringify(wanted)
    ? null
    : `shows ${JSON.stringify(rows).slice(0, 300)}, the API says ${JSON.stringify(wanted).slice(0, 300)}`;
};

/**
 * Compares every figure of a page with what the API answers to the same person, and finds numbers in tables and lists of
 * facts that carry no mark. The page has to be in English. Takes the number of figures that were compared.
 */
export const traceFigures = async (
  context: BrowserContext,
  page: Page,
): Promise<{ readonly faults: string[]; readonly count: number }> => {
  const { marks, unmarked } = await page.evaluate(collect);
  const { origin } = new URL(page.url());
  const answers = new Map<string, Promise<unknown>>();
  const ask = (path: string): Promise<unknown> => {
    const known = answers.get(path) ?? context.request.get(`${origin}/admin/api${path}`).then((it) => it.json());
    answers.set(path, known);
    return known;
  };
  const faults = unmarked.map((text) => `a number without a mark: ${text}`);
  for (const mark of marks) {
    const fault = faultOf(mark, at(await ask(mark.path), mark.pointer));
    if (fault !== null) faults.push(`${mark.path}#${mark.pointer} (${mark.kind}): ${fault}`);
  }
  return { faults, count: marks.length };
};
