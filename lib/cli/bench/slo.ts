import { cpus } from "node:os";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { SloFigures } from "./slo/contest.ts";
import { measureSlos } from "./slo/contest.ts";
import type { PrometheusFigures } from "./slo/prometheus.ts";
import { findPrometheus, measurePrometheus } from "./slo/prometheus.ts";

const SIZES = [1_000, 10_000];
const PROMETHEUS_SLOS = 5;
const GOAL_TICK_US = 2;
const GOAL_TAKEOVER_MS = 10_000;
const GOAL_BYTES = 64 * 1_024;
const GOAL_RATIO = 20;

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
const said = (isMet: boolean): string => (isMet ? "met" : "missed");
const perSlo = (figures: SloFigures): number => (figures.tick.tickMs * 1_000) / figures.slos;

/** How many times as long Prometheus takes for one SLO as our tick, in the same run. */
const ratiosOf = (figures: SloFigures, prometheus: PrometheusFigures) => {
  const tickUs = perSlo(figures);
  const us = (ms: number): number => (ms * 1_000) / prometheus.slos;
  return { recorded: round(us(prometheus.recordedMs) / tickUs), raw: round(us(prometheus.rawMs) / tickUs) };
};

const goalsOf = (all: readonly SloFigures[], prometheus: PrometheusFigures | null) => ({
  tick: { goalUsPerSlo: GOAL_TICK_US, isMet: all.every((one) => perSlo(one) <= GOAL_TICK_US) },
  takeover: { goalMs: GOAL_TAKEOVER_MS, isMet: all.every((one) => one.takeoverWallMs <= GOAL_TAKEOVER_MS) },
  memory: { goalBytes: GOAL_BYTES, isMet: all.every((one) => one.bytesPerSlo <= GOAL_BYTES) },
  // Without Prometheus there is nothing to compare with: not missed, and not met either.
  prometheus: {
    goalRatio: GOAL_RATIO,
    isMet: prometheus === null ? null : all.every((one) => ratiosOf(one, prometheus).recorded >= GOAL_RATIO),
  },
});
type Goals = ReturnType<typeof goalsOf>;

const tableOf = (all: readonly SloFigures[], prometheus: PrometheusFigures | null, goals: Goals): string => {
  const lines = all.map(({ slos, tick, takeoverWallMs, takeoverCpuMs, takeoverPostgresMs, bytesPerSlo, roundWallMs }) =>
    [
      "",
      slos.toLocaleString("en"),
      round(tick.tickMs, 2),
      round(tick.figuresMs, 2),
      `${round(tick.readMs, 1)} + ${tick.readPostgresMs === null ? "?" : round(tick.readPostgresMs)}`,
      Math.round(roundWallMs),
      Math.round(takeoverWallMs),
      `${Math.round(takeoverCpuMs)} + ${takeoverPostgresMs === null ? "?" : Math.round(takeoverPostgresMs)}`,
      round(bytesPerSlo / 1_024),
      "",
    ].join(" | "),
  );
  const beside =
    prometheus === null
      ? ["Prometheus and promtool are not installed: nothing to compare with"]
      : [
          `Prometheus, ${prometheus.slos} SLOs of the same minutes: Sloth's recorded rules ${round(prometheus.recordedMs, 2)} ms, raw windows ${round(prometheus.rawMs, 2)} ms an evaluation (loaded in ${Math.round(prometheus.loadMs)} ms)`,
          ...all.map((one) => {
            const { recorded, raw } = ratiosOf(one, prometheus);
            return `for one SLO, Prometheus over our tick of ${one.slos.toLocaleString("en")}: recorded rules ${recorded} x, raw windows ${raw} x; goal ${GOAL_RATIO} x: ${said(recorded >= GOAL_RATIO)}`;
          }),
        ];
  return [
    "| SLOs | tick CPU ms | figures CPU ms | read ms, Node + PostgreSQL | whole round ms | takeover ms | CPU ms, Node + PostgreSQL | kB an SLO |",
    "|---|---|---|---|---|---|---|---|",
    ...lines.map((line) => line.trim()),
    "",
    `tick, goal ${GOAL_TICK_US} us an SLO: ${said(goals.tick.isMet)}; takeover, goal ${GOAL_TAKEOVER_MS / 1_000} s: ${said(goals.takeover.isMet)}; memory, goal 64 kB an SLO: ${said(goals.memory.isMet)}`,
    ...beside,
    "",
  ].join("\n");
};

const sizesOf = (text: string | undefined): number[] => {
  if (text === undefined) return SIZES;
  const sizes = text.split(",").map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0 && size <= 50_000)) return sizes;
  throw new AppError("USAGE", "--slos must be whole numbers from 1 to 50,000, such as 1000,10000");
};

/**
 * Measures what evaluating SLOs costs: a tick of the default policy over 28 days, a takeover by a new engine from
 * PostgreSQL, and memory; beside Prometheus on the same minutes, when it is installed.
 */
export const runSloBench = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, {
    options: { slos: { type: "string" }, json: { type: "boolean" } },
  });
  const measured: SloFigures[] = [];
  for (const size of sizesOf(values.slos)) {
    if (!context.signal.aborted) measured.push(await measureSlos(size));
  }
  const programs = findPrometheus();
  const prometheus =
    programs === null
      ? null
      : await measurePrometheus(programs, PROMETHEUS_SLOS, { clock: systemClock, signal: context.signal });
  const goals = goalsOf(measured, prometheus);
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  if (values.json === true) {
    context.stdout.write(`${JSON.stringify({ bench: "slo", machine, measured, prometheus, goals })}\n`);
  } else {
    context.stdout.write(
      `machine: ${machine.cpu} x ${machine.cores}, node ${machine.node}\n${tableOf(measured, prometheus, goals)}`,
    );
  }
  return Object.values(goals).every(({ isMet }) => isMet !== false) ? 0 : 1;
};
