import { readFile, stat } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBuckets } from "../faults/rig/checkers.ts";
import type { AgentProcess, Server } from "../faults/rig/role-processes.ts";
import { startAgentProcess, startServer } from "../faults/rig/role-processes.ts";
import type { ScriptedTarget } from "../faults/rig/scripted-target.ts";
import { startScriptedTarget } from "../faults/rig/scripted-target.ts";
import type { TcpProxy } from "../faults/rig/tcp-proxy.ts";
import { startTcpProxy } from "../faults/rig/tcp-proxy.ts";
import { waitFor } from "../support/wait-for.ts";

const configOf = (url: string): string => `
version: 1
page: { name: Agents, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.1/32] }
locations: [{ id: fra, name: Frankfurt }, { id: nyc, name: New York }]
services:
  - id: shop
    name: Shop
    probes:
      - { id: home, type: http, url: "${url}", interval: 1s, timeout: 400ms, locations: [fra, nyc], headers: { authorization: Bearer canary } }
    slos:
      - { id: shop-availability, sli: availability, probes: [home], objective: 99, window: 28d }
`;

let target: ScriptedTarget;
let server: Server;
let proxy: TcpProxy;

const agents: AgentProcess[] = [];
const start = (locationId: string, port: number): AgentProcess => {
  const agent = startAgentProcess([
    ...["--server", `http://127.0.0.1:${port}`, "--location", locationId],
    ...["--data", `${server.folder}/${locationId}`, "--allow", "127.0.0.1/32"],
  ]);
  agents.push(agent);
  return agent;
};
const newestRun = async (locationId: string): Promise<number> => {
  const [row] = await server.sql<{ at: Date | null }[]>`
    select max(scheduled_at) as at from runs r join locations l on l.no = r.location_no where l.id = ${locationId}`;
  return row?.at?.getTime() ?? 0;
};
const firstRunAfter = async (locationId: string, after: number): Promise<number> => {
  const [row] = await server.sql<{ at: Date | null }[]>`
    select min(scheduled_at) as at from runs r join locations l on l.no = r.location_no
     where l.id = ${locationId} and scheduled_at > ${new Date(after)}`;
  return row?.at?.getTime() ?? Number.POSITIVE_INFINITY;
};
const hasRunSince = (locationId: string, since: number) =>
  waitFor(`a run from ${locationId}`, async () => (await newestRun(locationId)) > since, {
    deadlineMs: 30_000,
    everyMs: 100,
  });
/** Slots between two instants of which a location has no run. */
const missingBetween = async (locationId: string, from: number, until: number): Promise<number> => {
  const [row] = await server.sql<{ runs: number }[]>`
    select count(*)::int as runs from runs r join locations l on l.no = r.location_no
     where l.id = ${locationId} and scheduled_at >= ${new Date(from)} and scheduled_at < ${new Date(until)}`;
  return Math.floor((until - from) / 1_000) - (row?.runs ?? 0);
};

beforeAll(async () => {
  target = await startScriptedTarget();
  server = await startServer({ name: "agents", config: configOf(target.url) });
  proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(server.url).port) }, () => 1);
}, 120_000);
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop("SIGKILL")));
  await proxy?.stop();
  await server?.stop();
  await target?.stop();
});

test("two agents keep what they saw while they are cut off, also over a kill -9, and stop in time", {
  timeout: 240_000,
}, async () => {
  const fra = start("fra", Number(new URL(server.url).port));
  const nyc = start("nyc", proxy.port);
  for (const agent of [fra, nyc])
    await waitFor("the location", () => server.register(agent).then(() => true), { deadlineMs: 20_000 });
  const registeredAt = Date.now();
  for (const id of ["fra", "nyc"]) await hasRunSince(id, registeredAt + 4_000);
  expect((await stat(`${server.folder}/nyc/agent-key.json`)).mode & 0o777).toBe(0o600);
  expect((await stat(`${server.folder}/nyc/agent-work.json`)).mode & 0o777).toBe(0o600);
  expect(fra.output() + nyc.output()).not.toContain("canary");

  // A change of vote is tried again at both, and what the re-checks saw comes along.
  target.goDown();
  const seenBy = (what: () => Promise<{ location_id: string }[]>) =>
    waitFor("both locations", async () => new Set((await what()).map((row) => row.location_id)).size === 2, {
      deadlineMs: 20_000,
      everyMs: 100,
    });
  await seenBy(() => server.sql`select location_id from run_details where class = 'bad_status'`);
  target.goUp();
  await seenBy(
    () => server.sql`
      select t.location_id from run_try_details t
        join run_details r on (r.probe_id, r.location_id, r.scheduled_at) = (t.probe_id, t.location_id, t.scheduled_at)
       where t.number = 2 and r.class = 'bad_status' and t.class = 'bad_status'`,
  );

  // Killed and started again: at most the slots of the time without a process are missing.
  const killedAt = Date.now();
  await fra.stop("SIGKILL");
  const second = start("fra", Number(new URL(server.url).port));
  await hasRunSince("fra", Date.now() + 1_000);
  expect(await missingBetween("fra", killedAt - 3_000, (await newestRun("fra")) + 1_000)).toBeLessThanOrEqual(3);
  expect(await second.registration()).toContain(
    JSON.parse(await readFile(`${server.folder}/fra/agent-key.json`, "utf8")).location,
  );

  // Cut off late in a minute, but with many of its runs still to come, so that it closes without them: bytes vanish,
  // no reset is seen.
  const isLateInAMinute = (): boolean => Date.now() % 60_000 > 40_000 && Date.now() % 60_000 < 50_000;
  await waitFor("the last third of a minute", isLateInAMinute, { deadlineMs: 61_000, everyMs: 100 });
  const cutAt = Date.now();
  proxy.setToxic("up", { kind: "blackhole" });
  proxy.setToxic("down", { kind: "blackhole" });
  const closedMinute = Math.floor(cutAt / 60_000) * 60_000;
  await waitFor(
    "the minute to close",
    async () => {
      const [row] = await server.sql<{ at: Date }[]>`select closed_until as at from rollup_progress`;
      return row !== undefined && row.at.getTime() > closedMinute;
    },
    { deadlineMs: 60_000, everyMs: 250 },
  );
  // Killed while it is cut off: what waits on disk survives, and so does the list of probes.
  const killedInTheDark = Date.now();
  await nyc.stop("SIGKILL");
  const arrivalsBefore = target.arrivals.length;
  const third = start("nyc", proxy.port);
  await waitFor("probes that go on without the server", () => target.arrivals.length > arrivalsBefore + 12, {
    deadlineMs: 20_000,
  });
  const backFrom = Date.now();
  proxy.setToxic("up", { kind: "none" });
  proxy.setToxic("down", { kind: "none" });
  proxy.resetAll();
  await hasRunSince("nyc", backFrom + 1_000);
  // Missing: the slots without a process, the run that was under way, and what was in memory alone, a second at most.
  const allowed = async () => Math.ceil(((await firstRunAfter("nyc", killedInTheDark)) - killedInTheDark) / 1_000) + 2;
  await waitFor("the backlog", async () => (await missingBetween("nyc", cutAt, backFrom)) <= (await allowed()), {
    deadlineMs: 30_000,
    everyMs: 250,
  });
  expect(await allowed()).toBeLessThan(12);
  const [late] = await server.sql<{ late: number; onTime: number }[]>`
    select (count(*) filter (where is_late))::int as late, (count(*) filter (where not is_late))::int as "onTime"
      from runs r join locations l on l.no = r.location_no
     where l.id = 'nyc' and scheduled_at >= ${new Date(cutAt)} and scheduled_at < ${new Date(closedMinute + 60_000)}`;
  // How many depends on how fast the machine starts an agent; that there are any is the promise.
  expect(late?.late).toBeGreaterThanOrEqual(1);
  expect(late?.onTime).toBeLessThanOrEqual(2);
  expect(backFrom - killedInTheDark).toBeLessThan(60_000);

  // A stop in the dark takes no longer than one in the light.
  proxy.setToxic("up", { kind: "blackhole" });
  const stops = await Promise.all([second.stop(), third.stop()]);
  for (const { code, ms } of stops) {
    expect(code).toBe(0);
    expect(ms).toBeLessThan(10_000);
  }
  await waitFor(
    "the late minute to be rolled up",
    async () =>
      (await server.sql`select 1 from dirty_minutes where minute < (select closed_until from rollup_progress)`)
        .length === 0,
    { deadlineMs: 30_000, everyMs: 250 },
  );
  const findings = (await checkBuckets(server.sql)).map(({ what }) => what);
  expect(findings).toEqual([]);
});
