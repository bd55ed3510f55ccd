// F19: the network of one location is broken to all targets, while it still reaches the server.
import { waitFor } from "../support/wait-for.ts";
import { whyNoNamespaces } from "./rig/network.ts";
import { startThreeLocations } from "./rig/three-locations.ts";

export type LocationResult = {
  readonly faults: readonly string[];
  readonly figures: object;
  readonly skipped?: string;
};

type EventRow = { type: string; cause: string; at: Date };

/** Runs the scenario, or says why it cannot be run here. `brokenMs` is how long the network stays broken. */
export const runF19 = async ({ brokenMs }: { brokenMs: number }): Promise<LocationResult> => {
  const skipped = await whyNoNamespaces();
  if (skipped !== null) return { faults: [], figures: { skipped } };
  const world = await startThreeLocations({ name: "f19", references: false });
  const { server, network, watched } = world;
  try {
    const events = () => server.sql<EventRow[]>`
      select type, data ->> 'cause' as cause, occurred_at as at from events where type like 'prober.%' order by position`;
    const brokenAt = performance.now();
    const brokenFrom = Date.now();
    await network.setTargetsReachable(false);
    await waitFor("prober.blind", async () => (await events()).some(({ type }) => type === "prober.blind"), {
      deadlineMs: 30_000,
      everyMs: 100,
    });
    const toldAfterMs = Math.round(performance.now() - brokenAt);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, brokenMs - toldAfterMs)));
    const named = [...watched().withoutData];
    await network.setTargetsReachable(true);
    const mendedAt = performance.now();
    await waitFor("prober.recovered", async () => (await events()).some(({ type }) => type === "prober.recovered"), {
      deadlineMs: 30_000,
      everyMs: 100,
    });
    const recoveredAfterMs = Math.round(performance.now() - mendedAt);
    await waitFor(
      "the minutes to close",
      async () => {
        const [row] = await server.sql<{ done: boolean }[]>`
          select closed_until > ${new Date(brokenFrom + brokenMs)} and not exists (select 1 from dirty_minutes where minute < closed_until) as done from rollup_progress`;
        return row?.done;
      },
      { deadlineMs: 150_000, everyMs: 500 },
    );
    const [raw] = await server.sql<{ bad: number }[]>`
      select count(*)::int as bad from runs r join outcome_classes c on c.code = r.class where c.vote = 'bad'`;
    const [sli] = await server.sql<{ bad: number; total: number }[]>`
      select (sum(total[i]) - sum((coalesce(good, total))[i]))::int as bad, sum(total[i])::int as total from sli_hours, generate_series(1, 60) i`;
    const told = (await events()).map(({ type, cause }) => `${type} ${cause}`);
    const { states } = watched();
    // Three probes of a second each, and the time in which it was broken is within closed minutes.
    const leastSlots = (3 * brokenMs) / 1_000;
    return {
      figures: { toldAfterMs, recoveredAfterMs, badRuns: raw?.bad, badSlots: sli?.bad, slots: sli?.total },
      faults: [
        ...(states.length > 0 ? [`the page said ${[...new Set(states)].join(", ")}`] : []),
        ...((raw?.bad ?? 0) < 10 ? ["the location saw no fault, so nothing was shown"] : []),
        ...(sli?.bad !== 0 || (sli?.total ?? 0) < leastSlots ? [`${sli?.bad} of ${sli?.total} slots are bad`] : []),
        ...(named.join() === "New York" ? [] : [`the page named "${named.join()}" instead of New York`]),
        ...(told.join() === "prober.blind dissent,prober.recovered dissent" ? [] : [`events: ${told.join()}`]),
      ],
    };
  } finally {
    await world.stop();
  }
};
