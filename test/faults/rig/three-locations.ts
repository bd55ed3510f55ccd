import { waitFor } from "../../support/wait-for.ts";
import type { Network } from "./network.ts";
import { createNetwork } from "./network.ts";
import type { AgentProcess, Server } from "./role-processes.ts";
import { startAgentProcess, startServer } from "./role-processes.ts";
import type { ScriptedTarget } from "./scripted-target.ts";
import { startScriptedTarget } from "./scripted-target.ts";

/** fra is run by the server itself, icn by an agent on this machine, nyc by an agent in a network of its own. */
export type ThreeLocations = {
  readonly server: Server;
  readonly network: Network;
  readonly target: ScriptedTarget;
  readonly nyc: AgentProcess;
  /** Published states of the service other than operational, seen while watching; and names without data. */
  readonly watched: () => { readonly states: readonly string[]; readonly withoutData: ReadonlySet<string> };
  readonly stop: () => Promise<void>;
};

const configOf = (url: string, references: boolean): string => {
  const checks = references ? `, reference_checks: [{ id: target, url: "${url}", interval: 1s, timeout: 900ms }]` : "";
  return `
version: 1
page: { name: Three, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [10.208.0.0/12] }
locations: [{ id: fra, name: Frankfurt }, { id: icn, name: Seoul }, { id: nyc, name: New York${checks} }]
services:
  - id: shop
    name: Shop
    probes:
${[1, 2, 3].map((n) => `      - { id: probe-${n}, type: http, url: "${url}", interval: 1s, timeout: 900ms, locations: [fra, icn, nyc] }`).join("\n")}
    slos:
      - { id: shop-availability, sli: availability, probes: [probe-1, probe-2, probe-3], objective: 99, window: 28d }
`;
};

type Shown = { services: { published: string; why: { locationsWithoutData?: string[] } }[] };

const watchSnapshots = (server: Server) => {
  const states: string[] = [];
  const withoutData = new Set<string>();
  const look = async (): Promise<void> => {
    const [row] = await server.sql<{ data: Shown }[]>`select document as data from snapshots`;
    const service = row?.data.services[0];
    if (service === undefined) return;
    if (service.published !== "operational") states.push(service.published);
    for (const name of service.why.locationsWithoutData ?? []) withoutData.add(name);
  };
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  return {
    seen: () => ({ states, withoutData }),
    reset: () => {
      states.length = 0;
      withoutData.clear();
    },
    stop: async () => {
      stopped = true;
      await watching;
    },
  };
};

/** Starts all of it and resolves once the three locations report and the service is operational. */
export const startThreeLocations = async (args: { name: string; references: boolean }): Promise<ThreeLocations> => {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last();
  };
  try {
    const network = await createNetwork();
    stops.push(network.remove);
    const target = await startScriptedTarget("0.0.0.0");
    stops.push(target.stop);
    const url = `http://${network.targetAddress}:${target.port}/health`;
    const server = await startServer({ name: args.name, config: configOf(url, args.references), host: "0.0.0.0" });
    stops.push(server.stop);
    const { port } = new URL(server.url);
    const common = ["--allow", network.allow];
    const icn = startAgentProcess([
      "--server",
      server.url,
      "--location",
      "icn",
      "--data",
      `${server.folder}/icn`,
      ...common,
    ]);
    stops.push(() => icn.stop());
    const remote = `http://${network.serverAddress}:${port}`;
    const nyc = startAgentProcess(
      ["--server", remote, "--location", "nyc", "--data", `${server.folder}/nyc`, ...common],
      { through: network.through },
    );
    stops.push(() => nyc.stop());
    for (const agent of [icn, nyc]) {
      const isDone = waitFor("the location of the agent", () => server.register(agent).then(() => true), {
        deadlineMs: 20_000,
      });
      await isDone;
    }
    const watch = watchSnapshots(server);
    stops.push(watch.stop);
    await waitFor(
      "the three locations to report the same slots",
      async () => {
        const rows = await server.sql<{ n: number }[]>`
          select count(*)::int as n from runs where scheduled_at > now() - interval '10 seconds' group by probe_no, location_no having count(*) >= 5`;
        const state = (await server.get("/api/v2/summary.json")) as { components: { status: string }[] };
        return rows.length === 9 && state.components[0]?.status === "operational";
      },
      { deadlineMs: 60_000, everyMs: 250 },
    );
    watch.reset();
    return { server, network, target, nyc, watched: watch.seen, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
