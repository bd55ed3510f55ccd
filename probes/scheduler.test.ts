import { afterEach, describe, expect, test } from "vitest";
import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome, Run } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { durationMs, durationUs, epochMs } from "#lib/core/units.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { ScheduledProbe, Scheduler } from "#probes/scheduler.ts";
import { startScheduler } from "#probes/scheduler.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";

const START_MS = 1_800_000_000_000;

const probe = (id: string, intervalMs: number, host = "a.example"): ScheduledProbe => ({
  locationId: "fra",
  definition: {
    type: "http",
    id,
    url: `http://${host}/`,
    method: "GET",
    headers: {},
    body: null,
    auth: null,
    clientCertificate: null,
    http2: false,
    connection: "fresh",
    intervalMs: durationMs(intervalMs),
    timeoutMs: durationMs(1_000),
    maxRedirects: 10,
    locations: ["fra"],
    assertions: [],
  } satisfies HttpProbeDefinition,
});

const outcome: Outcome = {
  class: "ok",
  detail: null,
  durationUs: durationUs(1),
  phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
  httpStatus: 200,
  bytesRead: 0,
  address: null,
  certificateExpiresAt: null,
  failures: [],
};
const result = { outcome, traceId: null };

let scheduler: Scheduler | null = null;
let clockInUse: FakeClock | null = null;
afterEach(async () => {
  let isStopped = false;
  const stopped = scheduler?.stop().then(() => {
    isStopped = true;
  });
  for (let round = 0; !isStopped && round < 100; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await clockInUse?.advance(1_000);
  }
  await stopped;
});

/** Hands the probes over and lets the loop lie down again, so that the clock finds it asleep. */
const update = async (probes: readonly ScheduledProbe[], since?: EpochMs): Promise<void> => {
  scheduler?.update(probes, since);
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const start = (clock: FakeClock, run: Parameters<typeof startScheduler>[0]["run"], limits = {}) => {
  const runs: Run[] = [];
  clockInUse = clock;
  scheduler = startScheduler({ clock, log: silentLogger, run, record: (each) => runs.push(each), ...limits });
  return { scheduler, runs };
};

describe("the scheduler", () => {
  test("runs each probe at each of its slots and nowhere else", async () => {
    const clock = createFakeClock(START_MS);
    const { runs } = start(clock, async () => result);
    const probes = Array.from({ length: 50 }, (_, index) => probe(`p${index}`, 30_000, `h${index}.example`));
    await update(probes);
    await clock.advance(600_000);
    expect(runs).toHaveLength(50 * 20);
    for (const run of runs) {
      expect(nextSlotAt(run.probeId, durationMs(30_000), run.scheduledAt)).toBe(run.scheduledAt);
      expect(run.startedAt - run.scheduledAt).toBeLessThanOrEqual(1);
    }
    expect(new Set(runs.map(({ probeId, scheduledAt }) => `${probeId} ${scheduledAt}`)).size).toBe(runs.length);
  });

  test("locations of a probe start its slots one after the other, each at the same distance, and share the instants", async () => {
    const clock = createFakeClock(START_MS);
    const { runs } = start(clock, async () => result);
    const locations = ["fra", "nyc", "sel"];
    const { definition } = probe("p", 30_000);
    const everywhere = { ...definition, locations } as HttpProbeDefinition;
    await update(locations.map((locationId) => ({ locationId, definition: everywhere })));
    await clock.advance(300_000);
    const delays = (id: string) =>
      new Set(runs.filter((run) => run.locationId === id).map((run) => run.startedAt - run.scheduledAt));
    expect(locations.map(delays)).toEqual([new Set([0]), new Set([333]), new Set([666])]);
    expect(new Set(runs.map(({ scheduledAt }) => scheduledAt)).size).toBe(10);
    expect(runs).toHaveLength(30);
  });

  test("a slot that passed less than a second before the first probes were known is still run, one of later probes is not", async () => {
    const slot = nextSlotAt("p", durationMs(30_000), epochMs(START_MS));
    const clock = createFakeClock(slot + 899);
    const { runs } = start(clock, async () => result);
    await update([probe("p", 30_000)], epochMs(START_MS));
    expect(runs.map(({ scheduledAt, startedAt }) => startedAt - scheduledAt)).toEqual([899]);
    const later = nextSlotAt("q", durationMs(30_000), epochMs(slot + 899));
    await clock.advance(later + 1 - clock.now());
    await update([probe("p", 30_000), probe("q", 30_000)], epochMs(START_MS));
    expect(runs.filter(({ probeId }) => probeId === "q")).toEqual([]);
  });

  test("no slot is run that lies before the configuration was in force", async () => {
    const slot = nextSlotAt("p", durationMs(30_000), epochMs(START_MS));
    const clock = createFakeClock(slot + 500);
    const { runs } = start(clock, async () => result);
    await update([probe("p", 30_000)], epochMs(slot + 1));
    await clock.advance(1_000);
    expect(runs).toEqual([]);
  });

  test("never runs a probe twice at once: beats that come meanwhile are recorded as skipped", async () => {
    const clock = createFakeClock(START_MS);
    const ends: (() => void)[] = [];
    const { runs } = start(clock, () => new Promise((resolve) => ends.push(() => resolve(result))));
    await update([probe("p", 1_000)]);
    await clock.advance(3_500);
    expect(ends).toHaveLength(1);
    const skipped = runs.map((run) => run.outcome.detail);
    expect(skipped.length).toBeGreaterThanOrEqual(2);
    expect(new Set(skipped)).toEqual(new Set(["previous run still going"]));
    ends[0]?.();
    await clock.advance(1_000);
    expect(ends).toHaveLength(2);
    expect(runs.filter((run) => run.outcome.class === "ok")).toHaveLength(1);
    ends[1]?.();
  });

  test("at most eight run against one host; one that waits too long is recorded as skipped", async () => {
    const clock = createFakeClock(START_MS);
    let running = 0;
    let most = 0;
    const { runs } = start(clock, async (_, signal) => {
      most = Math.max(most, ++running);
      await clock.sleep(9_000, signal).catch(() => undefined);
      running -= 1;
      return result;
    });
    await update(Array.from({ length: 30 }, (_, index) => probe(`p${index}`, 10_000)));
    await clock.advance(60_000);
    expect(most).toBe(8);
    const skipped = runs.filter((run) => run.outcome.class === "skipped");
    expect(new Set(skipped.map((run) => run.outcome.detail))).toContain("too many runs at once");
    // Every beat of a minute ended as a run, as skipped, or is still waiting or under way.
    expect(runs.length).toBeGreaterThanOrEqual(30 * 5);
    expect(new Set(runs.map(({ probeId, scheduledAt }) => `${probeId} ${scheduledAt}`)).size).toBe(runs.length);
  });

  test("a burst against one host waits for its turn and is not lost", async () => {
    const clock = createFakeClock(START_MS);
    const { runs } = start(clock, async (_, signal) => {
      await clock.sleep(20, signal).catch(() => undefined);
      return result;
    });
    await update(Array.from({ length: 200 }, (_, index) => probe(`p${index}`, 2_000)));
    await clock.advance(10_000);
    expect(runs.filter((run) => run.outcome.class === "skipped")).toEqual([]);
    expect(runs.length).toBeGreaterThanOrEqual(200 * 4);
  });

  test("the limit over all hosts holds too", async () => {
    const clock = createFakeClock(START_MS);
    let running = 0;
    let most = 0;
    const limits = { maxConcurrent: 5 };
    start(
      clock,
      async (_, signal) => {
        most = Math.max(most, ++running);
        await clock.sleep(100, signal).catch(() => undefined);
        running -= 1;
        return result;
      },
      limits,
    );
    await update(Array.from({ length: 100 }, (_, index) => probe(`p${index}`, 2_000, `h${index}.example`)));
    await clock.advance(10_000);
    expect(most).toBe(5);
  });

  test("a check that throws is an internal error, and the beat goes on", async () => {
    const clock = createFakeClock(START_MS);
    const { runs } = start(clock, async () => {
      throw new Error("a fault of ours");
    });
    await update([probe("p", 1_000)]);
    await clock.advance(5_000);
    expect(runs).toHaveLength(5);
    expect(new Set(runs.map((run) => run.outcome.class))).toEqual(new Set(["internal_error"]));
  });

  test("a new set of probes starts within its interval and leaves the beat of the others alone", async () => {
    const clock = createFakeClock(START_MS);
    const { runs } = start(clock, async () => result);
    await update([probe("stays", 10_000)]);
    await clock.advance(25_000);
    await update([probe("stays", 10_000), probe("new", 5_000)]);
    await clock.advance(25_000);
    const stays = runs.filter((run) => run.probeId === "stays").map((run) => run.scheduledAt);
    expect(stays.slice(1).map((at, index) => at - (stays[index] ?? 0))).toEqual([10_000, 10_000, 10_000, 10_000]);
    expect(runs.filter((run) => run.probeId === "new")).toHaveLength(5);
    await update([]);
    const before = runs.length;
    await clock.advance(60_000);
    expect(runs).toHaveLength(before);
  });

  test("stop lets what runs finish, cuts off what does not, records both, and may be called twice", async () => {
    const clock = createFakeClock(START_MS);
    const { runs } = start(clock, async ({ definition }, signal) => {
      const ms = definition.id === "quick" ? 1_000 : 3_600_000;
      await clock.sleep(ms, signal).catch(() => undefined);
      return signal.aborted ? { ...result, outcome: { ...outcome, class: "skipped", detail: "shutdown" } } : result;
    });
    await update([probe("quick", 2_000, "a.example"), probe("slow", 2_000, "b.example")]);
    while ((scheduler?.running() ?? 0) < 2) await clock.advance(50);
    const before = runs.length;
    const stopped = Promise.all([scheduler?.stop(), scheduler?.stop()]);
    await clock.whenSleeping(2);
    await clock.advance(10_000);
    await stopped;
    const ended = runs.slice(before).map((run) => `${run.probeId} ${run.outcome.class}`);
    expect(ended).toContain("slow skipped");
    expect(scheduler?.running()).toBe(0);
    expect(clock.sleeping()).toBe(0);
  });
});
