// F14: the wall clock of the whole service jumps (libfaketime), the monotonic one and the database's do not.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import postgres from "postgres";
import { startEmbedded } from "#db/embedded/index.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { waitFor } from "../support/wait-for.ts";
import { MINUTE_MS, nextMinute, openAlertingWorld, SIGNING_SECRET, toldBy } from "./rig/alerting.ts";
import type { Finding } from "./rig/checkers.ts";
import { checkAlerts } from "./rig/checkers.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";
import { startService } from "./rig/service.ts";

const INTERVAL_MS = 1_000;
const SECRET_KEY = Buffer.alloc(32, 7).toString("base64");
/** A beat may come so much late on a busy machine. */
const BEAT_WITHIN_MS = 3_000;
const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`,
);

/** Why the scenario cannot be run here; null when it can. */
export const whyNoFaketime = (): string | null =>
  LIBRARIES.some((file) => existsSync(file)) ? null : "libfaketime is not installed (Debian: faketime)";

/** Each is the clock's distance from the true time from then on, in seconds. */
export const JUMPS = [3_600, 0, 86_400, 86_370, 0, -30, 0] as const;

/** No run took a negative time, and no bucket or run is there twice: the keys say so, and the sums are looked at anew. */
const checkRuns = async (sql: postgres.Sql): Promise<Finding[]> => {
  const rows = await sql<{ what: string }[]>`
    select format('%s buckets of %s do not hold what the runs say', count(*), min(b.minute)) as what
      from buckets b
      left join (select probe_no, location_no, date_trunc('minute', scheduled_at) as minute, count(*) as total from runs group by 1, 2, 3) r
           using (probe_no, location_no, minute)
     where b.total <> coalesce(r.total, 0) having count(*) > 0
    union all
    select format('%s runs took a negative time', count(*)) from runs
     where least(duration_us, dns_us, connect_us, tls_us, first_byte_us, transfer_us) < 0 having count(*) > 0
    union all
    select format('%s runs of a target that was up are %s', count(*), c.class) from runs r
      join outcome_classes c on c.code = r.class join probes p on p.no = r.probe_no
     where c.vote <> 'good' and p.id = 'probe-0' group by c.class having count(*) > 0`;
  return rows.map(({ what }) => ({ checker: "K1", what }));
};

/** Runs the scenario; `holdMs` is how long each jump lasts, 25,000 in full. Skipped without libfaketime. */
export const runF14 = async ({ holdMs }: { holdMs: number }): Promise<ScenarioResult> => {
  const skipped = whyNoFaketime();
  return skipped === null ? jumpAndJudge(holdMs) : { figures: { skipped }, faults: [] };
};

const jumpAndJudge = (holdMs: number): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const world = await openAlertingWorld(later, { name: "f14", targets: 2 });
    const [steady, failing] = world.targets;
    if (steady === undefined || failing === undefined) throw new Error("there are no targets");
    await mkdir(`${world.folder}/database`, { mode: 0o755 });
    const server = await startEmbedded({ dataDir: `${world.folder}/database`, log: silentLogger });
    later(server.stop);
    const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
    later(() => sql.end({ timeout: 1 }));
    const timeFile = `${world.folder}/time`;
    const setClock = (offsetS: number): Promise<void> => writeFile(timeFile, `${offsetS < 0 ? "" : "+"}${offsetS}\n`);
    await setClock(0);
    const service = await startService({
      dataDir: world.dataDir,
      config: world.config,
      env: {
        ...world.env,
        NINES_SECRET_KEY: SECRET_KEY,
        DATABASE_URL: server.url,
        LD_PRELOAD: LIBRARIES.find((file) => existsSync(file)) ?? "",
        FAKETIME_TIMESTAMP_FILE: timeFile,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        FAKETIME_DONT_RESET: "1",
      },
    });
    later(service.stop);
    await waitFor("probes to arrive", () => steady.arrivals.length > 5, { deadlineMs: 30_000 });

    const beats: { jumpS: number; longestMs: number; count: number }[] = [];
    for (const jumpS of JUMPS) {
      const fromMs = Date.now();
      await setClock(jumpS);
      await pause(holdMs);
      const arrivals = [fromMs, ...steady.arrivals.filter((at) => at >= fromMs), Date.now()];
      const waits = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
      beats.push({ jumpS, longestMs: Math.max(...waits), count: arrivals.length - 2 });
    }
    const [early] = await sql<{ n: number }[]>`select count(*)::int as n from alerts`;
    // With the true time again an outage is still told of.
    failing.goDown();
    await waitFor("an alert after the jumps", () => toldBy(world.receiver).length > 0, {
      deadlineMs: 3 * MINUTE_MS,
      everyMs: 250,
    });
    const alertAfterMs = Date.now() - nextMinute(failing.downSpans[0]?.fromMs ?? 0);
    const stamps = world.receiver
      .received()
      .map(({ headers, atMs }) => Math.abs(Number(headers["webhook-timestamp"]) * 1_000 - atMs));
    failing.goUp();
    const jumpsLogged = service.log().filter(({ message }) => message.startsWith("the wall clock jumped")).length;
    await waitFor("nothing to be left to deliver", async () => {
      const [row] = await sql<{ n: number }[]>`select count(*)::int as n from deliveries where state = 'pending'`;
      return row?.n === 0;
    });
    const stopped = await service.stop();
    const [down] = failing.downSpans;
    const findings = [
      ...(await checkRuns(sql)),
      ...(await checkAlerts(sql, world.receiver.received(), SIGNING_SECRET)),
    ];
    return {
      figures: {
        jumps: JUMPS.length,
        jumpsLogged,
        longestBeatMs: Math.max(...beats.map(({ longestMs }) => longestMs)),
        beats: beats.map(({ jumpS, count }) => `${jumpS}s:${count}`).join(" "),
        alertsByJumps: early?.n ?? 0,
        alertAfterMs,
        stampOffMaxMs: Math.max(0, ...stamps),
        outageMs: (down?.untilMs ?? 0) - (down?.fromMs ?? 0),
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...beats
          .filter(({ longestMs, count }) => longestMs > BEAT_WITHIN_MS || count < holdMs / INTERVAL_MS - 3)
          .map(
            ({ jumpS, longestMs, count }) => `at ${jumpS} s: ${count} runs in ${holdMs} ms, a pause of ${longestMs} ms`,
          ),
        ...(jumpsLogged >= JUMPS.length ? [] : [`${jumpsLogged} of ${JUMPS.length} jumps were logged`]),
        ...(early?.n === 0 ? [] : [`${early?.n} alerts fired by jumps`]),
        ...(alertAfterMs <= 20_000 ? [] : [`after the jumps an alert came ${alertAfterMs} ms after its minute`]),
        ...(Math.max(0, ...stamps) < 2_000 ? [] : ["a signature's time is not the wall clock's"]),
        ...(stopped.code === 0 ? [] : [`the service ended with ${stopped.code}`]),
      ],
    };
  });
