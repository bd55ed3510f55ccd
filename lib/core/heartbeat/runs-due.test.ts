import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import type { BeatSchedule, BeatWatch } from "./judge-beat.ts";
import { judgeBeat } from "./judge-beat.ts";
import type { Ping, PingKind } from "./ping.ts";
import { hear, inOrder, NOTHING_HEARD } from "./ping.ts";
import type { Beats } from "./runs-due.ts";
import { runsDue } from "./runs-due.ts";

const T0 = epochMs(Date.UTC(2026, 10, 2));
const at = (ms: number): EpochMs => addMs(T0, ms);
const ALWAYS = [{ since: at(-400 * DAY_MS), until: at(400 * DAY_MS) }];

const ping = (ms: number, kind: PingKind = "ok", changes: Partial<Ping> = {}): Ping => ({
  at: at(ms),
  seq: 0n,
  kind,
  exitCode: null,
  durationUs: null,
  runId: null,
  message: null,
  ...changes,
});
const everyHour: BeatWatch = {
  schedule: { kind: "interval", everyMs: durationMs(HOUR_MS) },
  graceMs: durationMs(5 * MINUTE_MS),
  since: T0,
};
/** Due at 03:00 of each UTC day. */
const atThree: BeatSchedule = {
  kind: "cron",
  lastDueAt: (instant) => epochMs(Math.floor((instant - T0 - 3 * HOUR_MS) / DAY_MS) * DAY_MS + T0 + 3 * HOUR_MS),
};
const nightly: BeatWatch = { schedule: atThree, graceMs: durationMs(30 * MINUTE_MS), since: T0 };

const verdict = (watch: BeatWatch, pings: readonly Ping[], ms: number, hearing = ALWAYS) =>
  judgeBeat(
    watch,
    inOrder(pings)
      .filter((one) => one.at <= at(ms))
      .reduce(hear, NOTHING_HEARD),
    hearing,
    at(ms),
  );
const kinds = (watch: BeatWatch, pings: readonly Ping[], instants: readonly number[]) =>
  instants.map((ms) => verdict(watch, pings, ms).kind);

const beats = (changes: Partial<Beats>): Beats => ({
  probeId: "nightly-backup",
  locationId: "fra",
  intervalMs: durationMs(MINUTE_MS),
  watch: everyHour,
  heard: NOTHING_HEARD,
  pings: [],
  hearing: ALWAYS,
  ...changes,
});

describe("a heartbeat by the interval", () => {
  test("says nothing before the first beat was due, and is missing when it does not come", () => {
    expect(kinds(everyHour, [], [0, 65 * MINUTE_MS - 1, 65 * MINUTE_MS])).toEqual(["undue", "undue", "missing"]);
  });

  test("is good until the next beat and its grace are over, and again as soon as one comes", () => {
    const pings = [ping(10 * MINUTE_MS), ping(3 * HOUR_MS)];
    const instants = [10, 75 - 1, 75, 179, 180, 240].map((minutes) => minutes * MINUTE_MS);
    expect(kinds(everyHour, pings, instants)).toEqual(["good", "good", "missing", "missing", "good", "good"]);
  });

  test("stays bad after a reported failure until a beat says otherwise", () => {
    const pings = [ping(0), ping(MINUTE_MS, "fail", { exitCode: 3, message: " disk full \n" }), ping(30 * MINUTE_MS)];
    expect(kinds(everyHour, pings, [0, MINUTE_MS, 29 * MINUTE_MS, 30 * MINUTE_MS])).toEqual([
      "good",
      "reported",
      "reported",
      "good",
    ]);
    const [run] = runsDue(beats({ pings }), at(2 * MINUTE_MS), at(3 * MINUTE_MS));
    expect(run?.outcome).toMatchObject({ class: "bad_status", detail: "reported exit code 3: disk full" });
  });

  test("says within which time no beat came, and when the last one did", () => {
    const runs = runsDue(beats({ pings: [ping(0)] }), at(64 * MINUTE_MS), at(66 * MINUTE_MS));
    expect(runs.map(({ outcome }) => [outcome.class, outcome.detail])).toEqual([
      ["ok", null],
      ["timeout", "no ping within 1h 5m; the last one came at 2026-11-02T00:00:00Z"],
    ]);
  });

  test("after a change of the schedule, what was due before is not asked for", () => {
    const changed = { ...everyHour, since: at(10 * HOUR_MS) };
    expect(kinds(changed, [ping(0)], [10 * HOUR_MS, 11 * HOUR_MS, 11 * HOUR_MS + 5 * MINUTE_MS])).toEqual([
      "undue",
      "undue",
      "missing",
    ]);
  });
});

describe("a heartbeat by cron", () => {
  test("asks for a beat at each due instant: a little early and late ones count, older ones do not", () => {
    const threeOClock = 3 * HOUR_MS;
    const judgedAt = threeOClock + 30 * MINUTE_MS;
    for (const [offsetMs, expected] of [
      [-12 * HOUR_MS, "missing"],
      [-31 * MINUTE_MS, "missing"],
      [-MINUTE_MS, "good"],
      [0, "good"],
      [29 * MINUTE_MS, "good"],
    ] as const) {
      expect(verdict(nightly, [ping(threeOClock + offsetMs)], judgedAt).kind).toBe(expected);
    }
    expect(verdict(nightly, [ping(threeOClock)], DAY_MS + judgedAt - 1).kind).toBe("good");
    expect(verdict(nightly, [ping(threeOClock)], DAY_MS + judgedAt).kind).toBe("missing");
  });

  test("names the instant at which a beat was due", () => {
    const [run] = runsDue(beats({ watch: nightly }), at(4 * HOUR_MS), at(4 * HOUR_MS + MINUTE_MS));
    expect(run?.outcome.detail).toBe("no ping within 30m of 2026-11-02T03:00:00Z, when one was due; none has come yet");
  });
});

describe("work that begins and ends", () => {
  test("is bad when it takes longer than the grace, good when it ends, and its length is the duration", () => {
    const pings = [ping(0), ping(10 * MINUTE_MS, "start"), ping(16 * MINUTE_MS)];
    expect(
      kinds(
        everyHour,
        pings,
        [10, 15, 15.1, 16].map((minutes) => minutes * MINUTE_MS),
      ),
    ).toEqual(["good", "good", "unfinished", "good"]);
    const [run] = runsDue(beats({ pings }), at(20 * MINUTE_MS), at(21 * MINUTE_MS));
    expect(run?.outcome.durationUs).toBe(6 * 60_000_000);
  });

  test("is ended by its own id, or by an end without one", () => {
    const start = ping(0, "start", { runId: "a" });
    const later = 30 * MINUTE_MS;
    expect(verdict(everyHour, [start, ping(1, "ok", { runId: "b" })], later).kind).toBe("unfinished");
    expect(verdict(everyHour, [start, ping(1, "ok", { runId: "a" })], later).kind).toBe("good");
    expect(verdict(everyHour, [start, ping(1)], later).kind).toBe("good");
  });
});

describe("a beat that may have come to a closed door", () => {
  const downtime = (fromMs: number, untilMs: number) => [
    { since: at(-DAY_MS), until: at(fromMs) },
    { since: at(untilMs), until: at(DAY_MS) },
  ];
  test("is unheard when we were away around the time it was due, and missing when we were away at another time", () => {
    const away = downtime(58 * MINUTE_MS, 59 * MINUTE_MS);
    expect(verdict(everyHour, [ping(0)], 70 * MINUTE_MS, away).kind).toBe("unheard");
    expect(verdict(everyHour, [ping(0)], 70 * MINUTE_MS, downtime(20 * MINUTE_MS, 50 * MINUTE_MS)).kind).toBe(
      "missing",
    );
    const [run] = runsDue(beats({ pings: [ping(0)], hearing: away }), at(70 * MINUTE_MS), at(71 * MINUTE_MS));
    expect(run?.outcome.class).toBe("internal_error");
  });

  test("is missing all the same when another instance could hear, and when the hole is shorter than two notes", () => {
    const both = [
      ...downtime(50 * MINUTE_MS, 70 * MINUTE_MS),
      { since: at(40 * MINUTE_MS), until: at(80 * MINUTE_MS) },
    ];
    expect(verdict(everyHour, [ping(0)], 70 * MINUTE_MS, both).kind).toBe("missing");
    const seam = downtime(58 * MINUTE_MS, 58 * MINUTE_MS + 1_500);
    expect(verdict(everyHour, [ping(0)], 70 * MINUTE_MS, seam).kind).toBe("missing");
  });

  test("becomes missing when the next one does not come either", () => {
    const away = downtime(58 * MINUTE_MS, 59 * MINUTE_MS);
    expect(verdict(everyHour, [ping(0)], 125 * MINUTE_MS, away).kind).toBe("missing");
  });
});

const SPAN_MS = 2 * HOUR_MS;
const somePings = fc.array(
  fc.record({
    ms: fc.integer({ min: -HOUR_MS, max: SPAN_MS }),
    kind: fc.constantFrom<PingKind>("ok", "fail", "start", "log"),
    runId: fc.constantFrom(null, "a", "b"),
  }),
  { maxLength: 40 },
);
const toPings = (raw: readonly { ms: number; kind: PingKind; runId: string | null }[]): Ping[] =>
  raw.map(({ ms, kind, runId }, index) => ping(ms, kind, { runId, seq: BigInt(index) }));
const someWatch = fc
  .record({
    schedule: fc.oneof(
      fc
        .integer({ min: SECOND_MS, max: HOUR_MS })
        .map((ms): BeatSchedule => ({ kind: "interval", everyMs: durationMs(ms) })),
      fc
        .integer({ min: MINUTE_MS, max: HOUR_MS })
        .map((ms): BeatSchedule => ({ kind: "cron", lastDueAt: (instant) => epochMs(Math.floor(instant / ms) * ms) })),
    ),
    graceMs: fc.integer({ min: SECOND_MS, max: HOUR_MS }).map(durationMs),
  })
  .map((watch): BeatWatch => ({ ...watch, since: T0 }));
const someHearing = fc.array(
  fc
    .record({ since: fc.integer({ min: -HOUR_MS, max: SPAN_MS }), lengthMs: fc.integer({ min: 0, max: HOUR_MS }) })
    .map(({ since, lengthMs }) => ({ since: at(since), until: at(since + lengthMs) })),
  { maxLength: 5 },
);

describe("for every schedule and everything that can be pushed", () => {
  test("the order in which pings and spans are read changes nothing", () => {
    fc.assert(
      fc.property(someWatch, somePings, someHearing, fc.infiniteStream(fc.nat()), (watch, raw, hearing, keys) => {
        const pings = toPings(raw);
        const shuffled = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => [keys.next().value ?? 0, value] as const)
            .sort(([a], [b]) => a - b)
            .map(([, value]) => value);
        const straight = runsDue(beats({ watch, pings, hearing }), at(0), at(SPAN_MS));
        const mixed = beats({ watch, pings: shuffled(pings), hearing: shuffled(hearing) });
        expect(runsDue(mixed, at(0), at(SPAN_MS))).toEqual(straight);
      }),
    );
  });

  test("restarts at any instants give the same runs, each slot once, whatever was pushed later", () => {
    fc.assert(
      fc.property(
        someWatch,
        somePings,
        someHearing,
        fc.array(fc.integer({ min: 0, max: SPAN_MS }), { maxLength: 6 }),
        (watch, raw, hearing, stops) => {
          const pings = toPings(raw);
          const whole = runsDue(beats({ watch, pings, hearing }), at(0), at(SPAN_MS));
          const cuts = [0, ...stops.toSorted((a, b) => a - b), SPAN_MS];
          const parts = cuts.slice(1).flatMap((until, index) => {
            const from = cuts[index] ?? 0;
            const known = pings.filter((one) => one.at < at(until));
            const heard = inOrder(known.filter((one) => one.at < at(from))).reduce(hear, NOTHING_HEARD);
            const rest = known.filter((one) => one.at >= at(from));
            return runsDue(beats({ watch, heard, pings: rest, hearing }), at(from), at(until));
          });
          expect(parts).toEqual(whole);
          expect(new Set(whole.map((run) => run.scheduledAt)).size).toBe(whole.length);
        },
      ),
    );
  });

  test("one more ping that says up never makes a slot bad, and a log line changes nothing", () => {
    fc.assert(
      fc.property(someWatch, somePings, fc.integer({ min: 0, max: SPAN_MS }), (watch, raw, ms) => {
        const pings = toPings(raw).filter(({ kind }) => kind !== "start");
        const badSlots = (list: readonly Ping[]) =>
          runsDue(beats({ watch, pings: list }), at(ms), at(SPAN_MS))
            .filter(({ outcome }) => outcome.class !== "ok")
            .map(({ scheduledAt }) => scheduledAt);
        const before = new Set(badSlots(pings));
        const withUp = badSlots([...pings, ping(ms, "ok", { seq: 99n })]);
        expect(withUp.filter((slot) => !before.has(slot))).toEqual([]);
        expect(badSlots([...pings, ping(ms, "log", { seq: 99n })])).toEqual([...before]);
      }),
    );
  });

  test("a sender that keeps its beat is good from its first ping on", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5 * SECOND_MS, max: 10 * MINUTE_MS }),
        fc.integer({ min: SECOND_MS, max: 10 * MINUTE_MS }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (everyMs, graceMs, delays) => {
          const watch: BeatWatch = {
            schedule: { kind: "interval", everyMs: durationMs(everyMs) },
            graceMs: durationMs(graceMs),
            since: T0,
          };
          const pings: Ping[] = [];
          for (let ms = 0; ms < SPAN_MS; ms += everyMs + Math.floor((delays.next().value ?? 0) * (graceMs - 1)))
            pings.push(ping(ms, "ok", { durationUs: 5 as DurationUs }));
          const runs = runsDue(beats({ watch, pings }), at(0), at(SPAN_MS));
          expect(runs.every(({ outcome }) => outcome.class === "ok" && outcome.durationUs === 5)).toBe(true);
          expect(runs.length).toBe(SPAN_MS / MINUTE_MS);
        },
      ),
      { numRuns: 30 },
    );
  });
});
