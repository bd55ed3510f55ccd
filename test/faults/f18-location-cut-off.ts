// F18: a location is cut off; packets vanish, no RST is seen. Its runs come in late and land in their own minute.
import { waitFor } from "../support/wait-for.ts";
import type { LocationResult } from "./f19-one-location-wrong.ts";
import { checkBuckets } from "./rig/checkers.ts";
import { whyNoNamespaces } from "./rig/network.ts";
import { startThreeLocations } from "./rig/three-locations.ts";

const SLOT_MS = 1_000;

/** Runs the scenario, or says why it cannot be run here. At least 80 s, so that a whole minute closes meanwhile. */
export const runF18 = async ({ cutMs }: { cutMs: number }): Promise<LocationResult> => {
  const skipped = await whyNoNamespaces();
  if (skipped !== null) return { faults: [], figures: { skipped } };
  const world = await startThreeLocations({ name: "f18", references: true });
  const { server, network, watched } = world;
  try {
    const cutFrom = Date.now();
    await network.setCable(false);
    await waitFor("the page to name the location", () => watched().withoutData.has("New York"), { deadlineMs: 30_000 });
    const namedAfterMs = Date.now() - cutFrom;
    await new Promise((resolve) => setTimeout(resolve, cutMs - namedAfterMs));
    await network.setCable(true);
    const cutUntil = Date.now();
    await waitFor(
      "the late runs",
      async () => {
        const [row] = await server.sql<{ behind: number }[]>`
          select extract(epoch from now() - min(newest))::float8 as behind from (
            select max(scheduled_at) as newest from runs r join locations l on l.no = r.location_no where l.id = 'nyc' group by probe_no) latest`;
        return row !== undefined && row.behind < 4;
      },
      { deadlineMs: 60_000, everyMs: 250 },
    );
    const flushedAfterMs = Date.now() - cutUntil;
    await waitFor(
      "the minutes to close",
      async () => {
        const [row] = await server.sql<{ done: boolean }[]>`
          select closed_until > ${new Date(cutUntil)} and not exists (select 1 from dirty_minutes where minute < closed_until) as done from rollup_progress`;
        return row?.done;
      },
      { deadlineMs: 150_000, everyMs: 500 },
    );
    const [row] = await server.sql<{ runs: number; late: number; wrong: number }[]>`
      select count(*)::int as runs, (count(*) filter (where is_late))::int as late,
             (count(*) filter (where is_late <> (ingested_at > date_trunc('minute', scheduled_at) + interval '90 seconds')
                               and ingested_at > date_trunc('minute', scheduled_at) + interval '90 seconds'))::int as wrong
        from runs r join locations l on l.no = r.location_no
       where l.id = 'nyc' and scheduled_at >= ${new Date(cutFrom)} and scheduled_at < ${new Date(cutUntil)}`;
    const [slots] = await server.sql<{ bad: number; total: number }[]>`
      select (sum(total[i]) - sum((coalesce(good, total))[i]))::int as bad, sum(total[i])::int as total from sli_hours, generate_series(1, 60) i`;
    const blind = await server.sql<{ cause: string; seconds: number }[]>`
      select cause, extract(epoch from coalesce(ended_at, now()) - began_at)::float8 as seconds from blind_spans order by cause`;
    const events = await server.sql<
      { type: string }[]
    >`select type from events where type like 'prober.%' order by position`;
    const due = Math.floor((3 * (cutUntil - cutFrom)) / SLOT_MS);
    const { states } = watched();
    return {
      figures: { namedAfterMs, flushedAfterMs, due, ...row, slots: slots?.total, blind: [...blind] },
      faults: [
        ...(states.length > 0 ? [`the page said ${[...new Set(states)].join(", ")}`] : []),
        ...((row?.runs ?? 0) < due - 6 ? [`${row?.runs} of ${due} runs of the cut arrived`] : []),
        ...((row?.late ?? 0) === 0 || row?.wrong !== 0 ? [`late runs: ${row?.late}, not flagged: ${row?.wrong}`] : []),
        ...(slots?.bad !== 0 ? [`${slots?.bad} of ${slots?.total} slots are bad`] : []),
        ...(blind.some(({ cause }) => cause === "silent") ? [] : ["the silence was not noticed"]),
        ...(blind.some(({ cause, seconds }) => cause === "reference" && seconds > cutMs / 1_000 - 10)
          ? []
          : ["the late reference runs did not make the location blind for the time of the cut"]),
        ...(events[0]?.type === "prober.blind" ? [] : ["nobody was told"]),
        ...(await checkBuckets(server.sql)).map(({ what }) => `K1: ${what}`),
      ],
    };
  } finally {
    await world.stop();
  }
};
