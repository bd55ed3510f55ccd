import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome, OutcomeClass, Run } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { Try } from "#lib/core/tries.ts";
import { durationMs, epochMs } from "#lib/core/units.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createGate } from "#probes/gate.ts";
import { createRechecks } from "#probes/rechecks.ts";
import type { ScheduledProbe, Scheduler } from "#probes/scheduler.ts";
import { startScheduler } from "#probes/scheduler.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleProbe } from "#test/support/sample-config.ts";
import { sampleRun } from "#test/support/sample-run.ts";

const START_MS = 1_800_000_000_000;

const probe = (id: string, changes: Partial<HttpProbeDefinition> = {}, host = "a.example"): ScheduledProbe => ({
  locationId: "fra",
  definition: {
    ...sampleProbe(),
    id,
    url: `http://${host}/`,
    intervalMs: durationMs(10_000),
    timeoutMs: durationMs(2_000),
    locations: ["fra"],
    ...changes,
  } as HttpProbeDefinition,
});
const resultOf = (name: OutcomeClass): { outcome: Outcome; traceId: null } => ({
  outcome: sampleRun({ scheduledAt: 0, outcome: { class: name } }).outcome,
  traceId: null,
});

let stopAll: (() => Promise<void>) | null = null;
afterEach(async () => {
  await stopAll?.();
  stopAll = null;
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const stop = async (scheduler: Scheduler, clock: FakeClock): Promise<void> => {
  let isStopped = false;
  const stopped = scheduler.stop().then(() => {
    isStopped = true;
  });
  for (let round = 0; !isStopped && round < 100; round += 1) {
    await turn();
    await clock.advance(1_000);
  }
  await stopped;
};

type RunOnce = Parameters<typeof startScheduler>[0]["run"];
const start = async (probes: readonly ScheduledProbe[], run: (clock: FakeClock) => RunOnce, limits = {}) => {
  const clock = createFakeClock(START_MS);
  const runs: Run[] = [];
  const tries: Try[] = [];
  const scheduler = startScheduler({
    clock,
    log: silentLogger,
    run: run(clock),
    record: (each) => runs.push(each),
    recordTry: (each) => tries.push(each),
    ...limits,
  });
  stopAll = () => stop(scheduler, clock);
  scheduler.update(probes);
  for (let i = 0; i < 3; i += 1) await turn();
  return { clock, runs, tries, scheduler };
};
/** Each try in turn sees the next of these classes and takes this long. */
const seeing =
  (classes: readonly OutcomeClass[], tookMs = 100) =>
  (clock: FakeClock): RunOnce => {
    let at = 0;
    return async (_, signal) => {
      const name = classes[at++] ?? "ok";
      await clock.sleep(tookMs, signal).catch(() => undefined);
      return resultOf(signal.aborted ? "skipped" : name);
    };
  };
const classesOf = (all: readonly Run[]) => all.map(({ outcome }) => outcome.class);
const triesOf = (all: readonly Try[]) => all.map(({ number, run }) => `${number} ${run.outcome.class}`);

describe("a change of vote", () => {
  test("is tried again at once at the same slot, and a confirmed one once only", async () => {
    const { clock, runs, tries } = await start(
      [probe("p")],
      seeing(["ok", "timeout", "timeout", "timeout", "ok", "ok"]),
    );
    await clock.advance(50_000);
    expect(classesOf(runs)).toEqual(["ok", "timeout", "timeout", "ok", "ok"]);
    expect(triesOf(tries)).toEqual(["2 timeout", "2 ok"]);
    expect(tries[0]?.run.scheduledAt).toBe(runs[1]?.scheduledAt);
    expect((tries[0]?.run.startedAt ?? 0) - (runs[1]?.startedAt ?? 0)).toBe(100);
  });

  test("that nothing confirms is tried three times in all, and the first try stays the run", async () => {
    const { clock, runs, tries } = await start([probe("p")], seeing(["ok", "timeout", "ok", "ok"]));
    await clock.advance(20_000);
    expect(classesOf(runs)).toEqual(["ok", "timeout"]);
    expect(triesOf(tries)).toEqual(["2 ok", "3 ok"]);
  });

  test("is not tried again when the timeout does not fit before the next slot", async () => {
    const tight = probe("p", { timeoutMs: durationMs(9_450) });
    const { clock, runs, tries } = await start([tight], seeing(["ok", "timeout"]));
    await clock.advance(30_000);
    expect(classesOf(runs)).toEqual(["ok", "timeout", "ok"]);
    expect(tries).toEqual([]);
  });

  test("a fault of ours between two votes changes nothing, and the first vote of all is no change", async () => {
    const seen = seeing(["timeout", "blocked", "timeout", "internal_error", "ok", "ok"]);
    const { clock, runs, tries } = await start([probe("p")], seen);
    await clock.advance(50_000);
    expect(classesOf(runs)).toEqual(["timeout", "blocked", "timeout", "internal_error", "ok"]);
    expect(triesOf(tries)).toEqual(["2 ok"]);
  });

  test("never makes a probe run twice at once, nor costs or moves a run, whatever is seen and however long it takes", async () => {
    const classes = fc.array(fc.constantFrom<OutcomeClass>("ok", "timeout", "bad_status", "blocked"), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(classes, fc.integer({ min: 0, max: 3_500 }), async (seen, tookMs) => {
        let going = 0;
        let most = 0;
        const counting = (clock: FakeClock): RunOnce => {
          const run = seeing(seen, tookMs)(clock);
          return async (...given) => {
            most = Math.max(most, ++going);
            const result = await run(...given);
            going -= 1;
            return result;
          };
        };
        const { clock, runs, tries } = await start([probe("p")], counting);
        await clock.advance(100_000);
        const first = nextSlotAt("p", durationMs(10_000), epochMs(START_MS));
        expect(runs.map(({ startedAt }) => startedAt)).toEqual(
          Array.from({ length: runs.length }, (_, index) => first + index * 10_000),
        );
        expect(runs.length).toBeGreaterThanOrEqual(9);
        expect(most).toBe(1);
        expect(new Set(tries.map(({ number, run }) => `${run.scheduledAt} ${number}`)).size).toBe(tries.length);
        await stopAll?.();
      }),
      { numRuns: 25 },
    );
  });
});

describe("room for re-checks", () => {
  test("a beat of another probe gets the place of a re-check at once, and what was cut off is not kept", async () => {
    // One place for the host: whoever needs it while the re-check lasts takes it.
    const [p, q] = [probe("p"), probe("q", { intervalMs: durationMs(1_000), timeoutMs: durationMs(500) })];
    let beats = 0;
    const run = (clock: FakeClock): RunOnce => {
      let ofP = 0;
      return async ({ definition }, signal) => {
        if (definition.id === "q") {
          beats += 1;
          return resultOf("ok");
        }
        const name = ++ofP === 2 ? "timeout" : "ok";
        await clock.sleep(ofP === 3 ? 1_900 : 0, signal).catch(() => undefined);
        return resultOf(signal.aborted ? "skipped" : name);
      };
    };
    const { clock, runs, tries } = await start([p, q], run, { maxPerHost: 1 });
    await clock.advance(30_000);
    const failed = runs.find(({ outcome }) => outcome.class === "timeout");
    const ofFailed = tries.filter(({ run: { scheduledAt } }) => scheduledAt === failed?.scheduledAt);
    expect([failed?.probeId, ofFailed]).toEqual(["p", []]);
    // The way back to good found room again.
    expect(triesOf(tries)).toEqual(["2 ok"]);
    expect(beats).toBe(30);
    expect(Math.max(...runs.map(({ startedAt, scheduledAt }) => startedAt - scheduledAt))).toBe(0);
  });

  test("a re-check that outlasts its time is cut off for the probe's own next run, which begins on its beat", async () => {
    const tooLong = (clock: FakeClock): RunOnce => {
      let at = 0;
      return async (_, signal) => {
        const name = at === 1 || at === 2 ? "timeout" : "ok";
        await clock.sleep(at++ === 2 ? 60_000 : 100, signal).catch(() => undefined);
        return resultOf(signal.aborted ? "skipped" : name);
      };
    };
    const { clock, runs, tries } = await start([probe("p")], tooLong);
    await clock.advance(40_000);
    expect(classesOf(runs)).toEqual(["ok", "timeout", "ok", "ok"]);
    expect(new Set(runs.map(({ startedAt, scheduledAt }) => startedAt - scheduledAt))).toEqual(new Set([0]));
    expect(tries.map(({ run }) => run.scheduledAt)).toEqual([runs[2]?.scheduledAt]);
  });

  test("a journey is not cut off for a beat, because it may have to put something back", async () => {
    const gate = createGate({ maxTotal: 2, maxPerKey: 1 });
    const kept: string[] = [];
    const isCut: Record<string, boolean> = {};
    const rechecks = createRechecks({
      log: silentLogger,
      gate,
      recordTry: ({ run }) => kept.push(run.probeId),
      untilNextMs: () => 60_000,
      isStopping: () => false,
    });
    const follow = (type: "http" | "journey", name: OutcomeClass) => {
      const first = sampleRun({ scheduledAt: START_MS, probeId: type, outcome: { class: name } });
      const attempt = async (signal: AbortSignal): Promise<Run> => {
        // A beat of the same host arrives while the re-check runs.
        gate.enter(type, () => false);
        isCut[type] = signal.aborted;
        return first;
      };
      const definition = { ...sampleProbe(), id: type, type } as HttpProbeDefinition;
      return rechecks.follow({ key: type, host: type, definition, first, attempt });
    };
    for (const type of ["http", "journey"] as const) {
      expect(follow(type, "ok")).toBeNull();
      await follow(type, "timeout");
    }
    expect(isCut).toEqual({ http: true, journey: false });
    expect(kept).toEqual(["journey"]);
  });

  test("a stop cuts a re-check off and waits for nothing else", async () => {
    const { clock, runs, tries, scheduler } = await start([probe("p")], seeing(["ok", "timeout"], 1_000));
    while (runs.length < 2) await clock.advance(100);
    expect(scheduler.running()).toBe(1);
    await scheduler.stop();
    expect(tries).toEqual([]);
    expect(clock.sleeping()).toBe(0);
  });

  test("a probe that is taken out is not tried again", async () => {
    const { clock, runs, tries, scheduler } = await start([probe("p")], seeing(["ok", "timeout"], 1_000));
    while (runs.length < 1) await clock.advance(100);
    while (scheduler.running() < 1) await clock.advance(100);
    scheduler.update([]);
    await clock.advance(20_000);
    expect(classesOf(runs)).toEqual(["ok", "timeout"]);
    expect(tries).toEqual([]);
  });
});
