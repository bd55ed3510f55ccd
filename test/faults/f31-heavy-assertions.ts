// F31: many probes with large answers and costly assertions are due at once; the beat of all others must not suffer.
import postgres from "postgres";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { phaseOf } from "#lib/core/schedule.ts";
import { durationMs } from "#lib/core/units.ts";
import { temporaryFolder } from "../support/instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { checkInnocence, checkOpenFiles, checkSkipped, countOpenFiles } from "./rig/checkers.ts";
import type { HeavyTarget } from "./rig/heavy-target.ts";
import { startHeavyTarget } from "./rig/heavy-target.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { percentileOf, withCleanup } from "./rig/scenario.ts";
import { startService } from "./rig/service.ts";

const HEAVY = 200;
const HEAVY_INTERVAL_MS = 30_000;
const LIGHT = 50;
/** All heavy probes are due within this. */
const BURST_MS = 100;
/** From the start of the scenario until the burst: the service is up by then and has found its beat. */
const LEAD_MS = 9_000;
const JITTER_P99_MS = 250;
/** A thread for judging, and light probes that are under way at the moment. */
const FILES_OF_A_THREAD = 20;

const ASSERTIONS = `
          - { type: body, op: matches, value: "(item [0-9]+ )(x+)+" }
          - { type: json_path, path: "$.items[?@.price>6000].name", op: contains, value: item }
          - { type: json_path, path: "$..price", op: ge, value: 0 }
          - { type: json_path, path: $.status, op: eq, value: ok }`;

/** Ids whose slots lie in the burst: the phase of a probe follows from its id. */
const idsDueAt = (atMs: number, seed: number): string[] => {
  const interval = durationMs(HEAVY_INTERVAL_MS);
  const ids: string[] = [];
  for (let number = seed % 1_000_000; ids.length < HEAVY; number += 1) {
    const id = `heavy-${number}`;
    const offset = (phaseOf(id, interval) - (atMs % interval) + interval) % interval;
    if (offset < BURST_MS) ids.push(id);
  }
  return ids;
};

const configOf = (target: HeavyTarget, heavyIds: readonly string[]): string => `
version: 1
page: { name: F31, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.0/8] }
locations: [{ id: here, name: Here }]
services:
  - id: shop
    name: Shop
    probes:
${Array.from({ length: LIGHT }, (_, i) => `      - { id: light-${i}, type: http, url: "${target.lightUrl(i)}", interval: 1s, timeout: 900ms, locations: [here] }`).join("\n")}
${heavyIds
  .map(
    (id, i) => `      - id: ${id}
        type: http
        url: "${target.heavyUrl(i)}"
        interval: 30s
        timeout: 10s
        locations: [here]
        assertions:${ASSERTIONS}`,
  )
  .join("\n")}
`;

type Delay = { readonly isHeavy: boolean; readonly ms: number };

/** How long after its slot each run began, from the burst on until its last run was judged. */
const readDelays = (sql: postgres.Sql, fromMs: number, untilMs: number): Promise<Delay[]> =>
  sql<Delay[]>`
    select r.probe_id like 'heavy-%' as "isHeavy", extract(epoch from r.started_at - r.scheduled_at)::float8 * 1000 as ms
      from run_details r
     where r.scheduled_at >= ${new Date(fromMs)} and r.scheduled_at < ${new Date(untilMs)}`;

const judgedHeavy = async (sql: postgres.Sql, burstAt: number): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from runs r join probes p on p.no = r.probe_no
     where p.id like 'heavy-%' and r.scheduled_at >= ${new Date(burstAt)}`;
  return row?.count ?? 0;
};

/** Runs the scenario: one burst of 200 probes of 500 kB answers beside 50 light ones. */
export const runF31 = ({ seed }: { seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const folder = await temporaryFolder("f31");
    later(folder.remove);
    const target = await startHeavyTarget();
    later(target.stop);
    const dataDir = `${folder.path}/data`;
    const hopedFor = Date.now() + LEAD_MS;
    const config = configOf(target, idsDueAt(hopedFor, seed));
    const service = await startService({ dataDir, config });
    later(service.stop);
    const url = await findRunningEmbedded(dataDir);
    if (url === null) throw new Error("the embedded database is not found");
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    await waitFor("a light run", async () => (await sql`select 1 from runs limit 1`).length > 0, {
      deadlineMs: 20_000,
    });
    const prober = service.pidsOf("probe").at(-1) ?? Number.NaN;
    const filesBefore = await countOpenFiles(prober);
    // On a busy machine the service may be up too late for the first burst.
    const burstAt = Date.now() < hopedFor ? hopedFor : hopedFor + HEAVY_INTERVAL_MS;
    await waitFor("every heavy run to be judged", async () => (await judgedHeavy(sql, burstAt)) >= HEAVY, {
      deadlineMs: 2 * HEAVY_INTERVAL_MS,
      everyMs: 100,
    });
    const judgedAfterMs = Date.now() - burstAt;
    const delays = await readDelays(sql, burstAt, burstAt + judgedAfterMs - 1_000);
    const findings = [
      ...(await checkInnocence(sql, [])),
      ...(await checkSkipped(sql)),
      ...(await checkOpenFiles(prober, { before: filesBefore, slack: FILES_OF_A_THREAD })),
    ];
    const all = delays.map(({ ms }) => ms);
    const p99 = percentileOf(all, 0.99);
    return {
      figures: {
        seed,
        bodyBytes: target.bodyBytes,
        heavy: HEAVY,
        judgedAfterMs,
        runs: all.length,
        jitterP50Ms: Math.round(percentileOf(all, 0.5)),
        jitterP99Ms: Math.round(p99),
        jitterMaxMs: Math.round(Math.max(...all)),
        heavyJitterMaxMs: Math.round(Math.max(...delays.filter(({ isHeavy }) => isHeavy).map(({ ms }) => ms))),
      },
      faults: [
        ...findings.slice(0, 10).map(({ checker, what }) => `${checker}: ${what}`),
        ...(p99 < JITTER_P99_MS ? [] : [`runs began ${Math.round(p99)} ms late at the 99th percentile`]),
      ],
    };
  });
