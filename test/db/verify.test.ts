import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { durationMs } from "#lib/core/units.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { runCli } from "#test/support/run-cli.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  configure,
  createSloLoop,
  ingest,
  lead,
  probeDefinition,
  readAlerts,
  run,
  sloDefinition,
  slots,
} from "./slo-world.ts";

// Two days around midnight, so that one of them is over and can be sealed.
const HOURS = 27;
const END = HOURS * 60;
const DOWN = { from: 300, until: 320 };
/** Runs of these minutes arrive half an hour late: they change what was judged meanwhile. */
const LATE = { from: 600, until: 615 };

let world: TestDatabase;
let folder: string;

const cli = (...words: string[]) => runCli(words, { DATABASE_URL: world.url });

type Answer = {
  ok: boolean;
  checked: { buckets: number; sliMinutes: number; readings: number; alerts: number };
  differences: { kind: string; what: string; stored: string | null; recomputed: string | null }[];
};
const verify = async (...args: string[]): Promise<Answer & { code: number }> => {
  const { code, out } = await cli("verify", "--json", ...args);
  return { ...(JSON.parse(out) as Answer), code };
};

const sql = (
  statement: (tx: Parameters<Parameters<TestDatabase["database"]["transaction"]>[0]>[0]) => Promise<unknown>,
) => world.database.transaction(async (tx) => void (await statement(tx)));

beforeAll(async () => {
  world = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), "nines-verify-"));
  const probes = [
    probeDefinition({ intervalMs: durationMs(60_000), locations: ["fra", "iad", "nrt"] }),
    probeDefinition({ id: "api", intervalMs: durationMs(60_000) }),
  ];
  const slow = sloDefinition({
    id: "shop-latency",
    sli: { kind: "latency", thresholdMs: durationMs(300) },
    objective: "99",
  });
  const [pair] = sloDefinition().burnRateAlerts;
  const twitchy = sloDefinition({
    id: "api-availability",
    probes: ["api"],
    objective: "99",
    burnRateAlerts: [
      { ...pair!, id: "page_10m_3m", longMs: durationMs(600_000), shortMs: durationMs(180_000), factor: "2" },
    ],
  });
  await configure(world.database, { locations: ["fra", "iad", "nrt"], probes, slos: [sloDefinition(), slow, twitchy] });
  const classAt = (minute: number, location: string): OutcomeClass => {
    if (minute >= DOWN.from && minute < DOWN.until) return location === "nrt" ? "ok" : "bad_status";
    if (minute % 97 === 0 && location === "iad") return "timeout";
    return minute >= LATE.from && minute < LATE.until ? "connect_refused" : "ok";
  };
  const runsOf = (from: number, until: number) =>
    probes.flatMap((probe) =>
      slots(probe, from, until).flatMap((slot, index) =>
        probe.locations.map((locationId) =>
          run(slot, classAt(from + index, locationId), {
            probeId: probe.id,
            locationId,
            ms: from + index >= 400 && from + index < 410 ? 400 : 80,
          }),
        ),
      ),
    );
  const clock = createFakeClock(at(0));
  const loop = createSloLoop(world.database, clock);
  const lease = await lead(world.database);
  const settle = async () => {
    for (let more = true; more; ) more = (await loop.runSloOnce(lease)).hasMore;
  };
  // Minute by minute where runs are late, in larger steps elsewhere.
  for (let minute = 0; minute < END; ) {
    const until = minute >= 595 && minute < 650 ? minute + 1 : Math.min(minute + 60, minute < 595 ? 595 : END);
    const isLate = minute >= LATE.from && minute < LATE.until;
    if (!isLate) await ingest(world.database, runsOf(minute, until), at(until));
    if (minute === 640) {
      for (let late = LATE.from; late < LATE.until; late += 1)
        await ingest(world.database, runsOf(late, late + 1), at(until));
    }
    clock.jump(at(until, 11_000) - clock.now());
    await settle();
    minute = until;
  }
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.drop();
});

test("what the engine stored is what raw runs say, through its own functions and in SQL", async () => {
  expect((await readAlerts(world.database)).length).toBeGreaterThan(2);
  const answer = await verify("--sql");
  expect(answer.differences).toEqual([]);
  expect(answer).toMatchObject({ ok: true, code: 0 });
  expect(answer.checked.buckets).toBeGreaterThan(4 * (END - 2));
  expect(answer.checked.readings).toBe(3);
  expect(answer.checked.alerts).toBeGreaterThan(4);
});

test("late runs were judged as of then: what minutes counted before them is kept", async () => {
  const kept = await world.database.read(
    (db) =>
      db<{ count: number }[]>`select count(*)::int as count from sli_corrections where slo_id = 'api-availability'`,
  );
  expect(kept[0]?.count).toBe(LATE.until - LATE.from);
  await sql((tx) => tx`create table kept as select * from sli_corrections`);
  await sql((tx) => tx`delete from sli_corrections`);
  const blind = await verify("--slo", "api-availability");
  await sql((tx) => tx`insert into sli_corrections select * from kept`);
  expect(blind.differences.map(({ kind }) => kind)).toContain("alert");
});

type Tx = Parameters<Parameters<TestDatabase["database"]["transaction"]>[0]>[0];

const corruptions: readonly {
  name: string;
  what: RegExp;
  kinds: string[];
  change: (tx: Tx) => Promise<unknown>;
  undo: (tx: Tx) => Promise<unknown>;
}[] = [
  {
    name: "one bucket",
    what: /^api at fra, 2026-11-02T01:40:00/,
    // The hour above it does not add up any more either.
    kinds: ["bucket", "sql", "sql"],
    change: (tx) => tx`
      update buckets set good = 0, bad = 1 where minute = ${new Date(at(100))} and probe_no = (select no from probes where id = 'api')`,
    undo: (tx) => tx`
      update buckets set good = 1, bad = 0 where minute = ${new Date(at(100))} and probe_no = (select no from probes where id = 'api')`,
  },
  {
    name: "one minute of an SLO's hour",
    what: /^shop-latency, 2026-11-03T02:30:00/,
    kinds: ["sli_minute", "reading", "sql", "sql"],
    change: (tx) => tx`
      update sli_hours set total[31] = total[31] + 1 where slo_id = 'shop-latency' and hour = ${new Date(at(END - 60))}`,
    undo: (tx) => tx`
      update sli_hours set total[31] = total[31] - 1 where slo_id = 'shop-latency' and hour = ${new Date(at(END - 60))}`,
  },
  {
    name: "one alert that never was",
    what: /^shop-latency page_1h_5m number 2, firing/,
    kinds: ["alert", "alert", "sql"],
    change: (tx) => tx`
      insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, resolved_at, resolve_reason, firing_reading, resolved_reading)
      select id || 'x', slo_id, pair_id, 2, severity, state, fired_at + interval '1 hour', resolved_at + interval '1 hour', resolve_reason,
             firing_reading, resolved_reading
        from alerts where slo_id = 'shop-latency' and pair_id = 'page_1h_5m' and number = 1`,
    undo: (tx) => tx`delete from alerts where slo_id = 'shop-latency' and pair_id = 'page_1h_5m' and number = 2`,
  },
  {
    name: "one alert a minute early",
    what: /^shop-latency page_1h_5m number 1, firing/,
    kinds: ["alert", "sql"],
    change: (tx) => tx`
      update alerts set fired_at = fired_at - interval '1 minute' where slo_id = 'shop-latency' and pair_id = 'page_1h_5m'`,
    undo: (tx) => tx`
      update alerts set fired_at = fired_at + interval '1 minute' where slo_id = 'shop-latency' and pair_id = 'page_1h_5m'`,
  },
  {
    name: "one budget",
    what: /^shop-availability, reading of/,
    kinds: ["reading", "sql"],
    change: (tx) => tx`
      update slo_readings set reading = jsonb_set(reading, '{budget,consumed}', to_jsonb((reading #>> '{budget,consumed}')::numeric + 0.00001))
       where slo_id = 'shop-availability'`,
    undo: (tx) => tx`
      update slo_readings set reading = jsonb_set(reading, '{budget,consumed}', to_jsonb((reading #>> '{budget,consumed}')::numeric - 0.00001))
       where slo_id = 'shop-availability'`,
  },
];

test.each(corruptions)(
  "$name that is wrong is found twice over, and nothing else",
  async ({ what, kinds, change, undo }) => {
    await sql(change);
    const answer = await verify("--sql");
    await sql(undo);
    expect(answer.code).toBe(1);
    expect(answer.differences.map(({ kind }) => kind)).toEqual(kinds);
    expect(answer.differences[0]?.what).toMatch(what);
  },
  20_000,
);

test("what was put right again is found to be right", async () => {
  expect(await verify()).toMatchObject({ ok: true, code: 0, differences: [] });
});

test("people see what is stored and what was worked out", async () => {
  await sql(
    (tx) => tx`update slo_readings set reading = jsonb_set(reading, '{budget,bad}', '7') where slo_id = 'shop-latency'`,
  );
  const { code, out } = await cli("verify", "--slo", "shop-latency");
  expect(code).toBe(1);
  expect(out).toContain("worked out");
  expect(out).toContain("1 figure is stored otherwise");
  expect(await cli("verify", "--slo", "nothing")).toMatchObject({
    code: 1,
    err: expect.stringContaining("NOT_FOUND") as string,
  });
  expect(await cli("verify", "--from", "soon")).toMatchObject({
    code: 2,
    err: expect.stringContaining("USAGE") as string,
  });
});

test("a day of raw runs is the same lines every time, sealed once, and any change of a file is found", async () => {
  const day = await cli("export-runs", "--day", "2026-11-02", "--seal");
  expect(day.code).toBe(0);
  const lines = day.out.trimEnd().split("\n");
  expect(lines).toHaveLength(4 * 1_440);
  expect(JSON.parse(lines[0]!)).toMatchObject({ vote: "good", class: "ok", isLate: false });
  expect((await cli("export-runs", "--day", "2026-11-02", "--seal")).out).toBe(day.out);
  expect(await cli("export-runs", "--day", "2026-11-03", "--seal")).toMatchObject({
    code: 1,
    err: expect.stringContaining("CONFLICT") as string,
  });
  const digests = JSON.parse((await cli("export-runs", "--digests", "--json")).out) as {
    sha256: string;
    chain: string;
  }[];
  expect(digests).toHaveLength(1);
  const [good, bad] = [join(folder, "good.jsonl"), join(folder, "bad.jsonl")];
  writeFileSync(good, day.out);
  writeFileSync(bad, day.out.replace('"bad_status"', '"ok"'));
  const checked = await cli("verify", "--json", "--export", good, "--export", bad);
  expect(checked.code).toBe(1);
  expect((JSON.parse(checked.out) as { files: { ok: boolean }[] }).files.map(({ ok }) => ok)).toEqual([true, false]);
  // With what every system has: the digest of the file, and of the chain.
  const sha = (input: string) => execFileSync("sha256sum", { input, encoding: "utf8" }).slice(0, 64);
  expect(sha(day.out)).toBe(digests[0]?.sha256);
  expect(sha(`${"0".repeat(64)} 2026-11-02 ${lines.length} ${digests[0]?.sha256}\n`)).toBe(digests[0]?.chain);
});

test("an outsider works the month's figure out from the export with awk alone", async () => {
  const recipe = /```awk\n([\s\S]*?)```/.exec(
    readFileSync(fileURLToPath(new URL("../../docs/verify.md", import.meta.url)), "utf8"),
  );
  const days = ["2026-11-02", "2026-11-03"];
  const lines = await Promise.all(days.map(async (day) => (await cli("export-runs", "--day", day)).out));
  const args = ["-v", "probes=home", "-v", "locations=3", recipe?.[1] ?? ""];
  const out = execFileSync("awk", args, { input: lines.join(""), encoding: "utf8" });
  const [stored] = await world.database.read(
    (db) => db<{ bad: string; total: string }[]>`
      select reading #>> '{budget,bad}' as bad, reading #>> '{budget,total}' as total from slo_readings where slo_id = 'shop-availability'`,
  );
  expect(out).toMatch(new RegExp(`^${stored?.bad} bad of ${stored?.total} `));
});
