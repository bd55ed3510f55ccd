// Ends the leading engine of two instances, and measures how long nobody led.
import { waitFor } from "../../support/wait-for.ts";
import { pidOf } from "./kill-role.ts";
import type { InstanceName, TwoInstances } from "./two-instances.ts";

export type Takeover = { readonly from: InstanceName; readonly to: InstanceName; readonly ms: number };

const tokenOf = async ({ sql }: TwoInstances): Promise<number> => {
  const [row] = await sql<{ token: number }[]>`select token::int as token from leases where name = 'engine'`;
  return row?.token ?? 0;
};

/**
 * Kills the leader's engine. An instance may take its own lease again at once, and then the follower never has its turn:
 * with `isHeld` the engine is stopped and its sessions are cut, and it is killed once the other one leads.
 */
export const killLeader = async (pair: TwoInstances, isHeld: boolean): Promise<Takeover> => {
  const from = await waitFor("a leader", pair.leader, { deadlineMs: 30_000 });
  const service = pair[from];
  const token = await tokenOf(pair);
  const pid = pidOf(service, "engine");
  const atMs = Date.now();
  process.kill(pid, isHeld ? "SIGSTOP" : "SIGKILL");
  try {
    if (isHeld)
      await pair.sql`select pg_terminate_backend(pid) from pg_stat_activity
                      where usename = ${from} and application_name = 'nines-engine'`;
    const to = await waitFor(
      "the next leader",
      async () => {
        const leader = await pair.leader();
        return leader !== null && (await tokenOf(pair)) > token && leader;
      },
      { deadlineMs: 30_000, everyMs: 20 },
    );
    return { from, to, ms: Date.now() - atMs };
  } finally {
    if (isHeld) process.kill(pid, "SIGKILL");
    await waitFor("the killed engine to be ready again", () => pidOf(service, "engine") !== pid, {
      deadlineMs: 30_000,
    });
  }
};
