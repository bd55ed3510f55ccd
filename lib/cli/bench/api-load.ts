// eslint-disable-next-line no-restricted-imports -- it loads the address that the person who starts it names.
import { Agent, request } from "node:http";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { AppError } from "#lib/core/errors.ts";
import { durationMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { countOption } from "./count-option.ts";
import { callersAt, isBorne, LOADED_PATHS, lengthOf, STAGES, summaryOf, THRESHOLDS } from "./load-stages.ts";

const DEADLINE_MS = 10_000;
const PAUSE_MS = 1_000;
const STEP_MS = 50;
/** `--quick` takes the same callers through the same stages, this many times faster. */
const QUICK = 20;

type Caller = {
  readonly base: URL;
  readonly agent: Agent;
  readonly token: string | null;
  readonly durationsMs: number[];
  failed: number;
  readonly statuses: Map<number, number>;
};

/** One request, body read to its end. Resolves to the status, or 0 when there was no answer. */
const ask = ({ base, agent, token }: Caller, path: string): Promise<number> =>
  new Promise((resolve) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const req = request(new URL(path, base), { agent, headers, timeout: DEADLINE_MS }, (res) => {
      res.on("end", () => resolve(res.statusCode ?? 0));
      res.on("error", () => resolve(0));
      res.resume();
    });
    req.on("timeout", () => req.destroy());
    req.on("error", () => resolve(0));
    req.end();
  });

const call = async (caller: Caller, number: number): Promise<void> => {
  const startedMs = systemClock.monotonicMs();
  const status = await ask(caller, LOADED_PATHS[number % LOADED_PATHS.length] as string);
  caller.durationsMs.push(systemClock.monotonicMs() - startedMs);
  caller.statuses.set(status, (caller.statuses.get(status) ?? 0) + 1);
  if (status !== 200) caller.failed += 1;
};

/** Keeps as many callers busy as the stages say: each asks, waits a second, and asks again while it is wanted. */
const runStages = async (caller: Caller, speed: number, signal: AbortSignal): Promise<void> => {
  const startedMs = systemClock.monotonicMs();
  const elapsedSeconds = (): number => ((systemClock.monotonicMs() - startedMs) / 1_000) * speed;
  const total = lengthOf(STAGES);
  const working = new Set<Promise<void>>();
  let started = 0;
  const work = async (): Promise<void> => {
    let number = started;
    do {
      await call(caller, number);
      number += 1;
      await systemClock.sleep(durationMs(PAUSE_MS), signal);
    } while (working.size <= callersAt(STAGES, elapsedSeconds()));
  };
  while (elapsedSeconds() < total && !signal.aborted) {
    while (working.size < callersAt(STAGES, elapsedSeconds())) {
      started += 1;
      const one: Promise<void> = work().finally(() => working.delete(one));
      working.add(one);
    }
    await systemClock.sleep(durationMs(STEP_MS), signal);
  }
  await Promise.all(working);
};

const baseOf = (text: string): URL => {
  const base = URL.parse(text);
  if (base?.protocol === "http:") return base;
  throw new AppError("USAGE", "--url must be an http address such as http://localhost:3000");
};

/** The stages of docs/load/k6.js against a running server. Ends with 1 when it does not bear them. */
export const runApiLoad = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, {
    options: {
      url: { type: "string", default: "http://localhost:3000" },
      quick: { type: "boolean" },
      speed: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const speed = countOption("speed", values.speed, { fallback: values.quick === true ? QUICK : 1, most: 100 });
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const token = context.env.NINES_KEY ?? null;
  const caller: Caller = { base: baseOf(values.url), agent, token, durationsMs: [], failed: 0, statuses: new Map() };
  await runStages(caller, speed, context.signal);
  agent.destroy();
  const summary = summaryOf(caller.durationsMs, caller.failed);
  const ok = isBorne(summary);
  const statuses = Object.fromEntries(caller.statuses);
  if (values.json === true) context.stdout.write(`${JSON.stringify({ ok, ...summary, statuses, speed })}\n`);
  else
    context.stdout.write(
      `${summary.requests} requests, p95 ${summary.p95Ms.toFixed(1)} ms (limit ${THRESHOLDS.p95Ms}), ` +
        `errors ${(summary.errorRatio * 100).toFixed(2)} % (limit ${THRESHOLDS.errorRatio * 100} %): ${ok ? "borne" : "not borne"}\n`,
    );
  return ok ? 0 : 1;
};
