// How long it takes from the first failed run until the page, /api/v2/summary.json and the stream of events say so.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { waitFor } from "../support/wait-for.ts";
import type { Server } from "./rig/role-processes.ts";
import { startServer } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, percentileOf, withCleanup } from "./rig/scenario.ts";

const INTERVAL_MS = 1_000;
const MOST_P99_MS = 3 * INTERVAL_MS + 5_000;
const EVERY_MS = 100;

const nameOf = (index: number): string => `service-${index}`;

/** One service a failure, so that none has to recover first. */
const configOf = (count: number, url: string): string => `
version: 1
page: { name: Fresh, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.0/8] }
locations: [{ id: here, name: Here }]
services:
${Array.from({ length: count }, (_, i) => `  - { id: ${nameOf(i)}, name: ${nameOf(i)}, probes: [{ id: probe-${i}, type: http, url: "${url}/${i}", interval: 1s, timeout: 900ms, locations: [here] }] }`).join("\n")}
`;

/** Answers 503 to the paths in `down`, and notes when it first did. */
const startTarget = async () => {
  const down = new Set<string>();
  const failedAtMs = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    if (down.has(name) && !failedAtMs.has(name)) failedAtMs.set(name, Date.now());
    response.writeHead(down.has(name) ? 503 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    down,
    failedAtMs,
    stop: async () => void server.close().closeAllConnections(),
  };
};

/** When each service's first bad state came over the stream. */
const follow = (port: number) => {
  const socket = connect({ host: "127.0.0.1", port });
  const badAtMs = new Map<string, number>();
  let text = "";
  socket.write("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events.filter((one) => one.includes("event: service"))) {
      const id = /"id":"([a-z0-9-]+)"/.exec(event)?.[1];
      if (id !== undefined && !event.includes('"state":"operational"') && !badAtMs.has(id)) badAtMs.set(id, Date.now());
    }
  });
  socket.on("error", () => undefined);
  return { badAtMs, stop: () => socket.destroy() };
};

type Summary = { components: { name: string; status: string }[] };
const statusesOf = async (server: Server): Promise<ReadonlyMap<string, string>> => {
  const { components } = (await server.get("/api/v2/summary.json")) as Summary;
  return new Map(components.map(({ name, status }) => [name, status]));
};

const isTold = (status: string | undefined): boolean => status !== undefined && status !== "operational";

/** When the API and the page told of a service first. */
const watchOne = async (server: Server, name: string) => {
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<number> => {
    await waitFor(`${what} to tell of ${name}`, isSo, { deadlineMs: 60_000, everyMs: EVERY_MS });
    return Date.now();
  };
  const [apiAtMs, pageAtMs] = await Promise.all([
    until("the API", async () => isTold((await statusesOf(server)).get(name))),
    until("the page", async () =>
      isTold(new RegExp(`<li>${name}=([a-z_]+)`).exec(await (await fetch(server.url)).text())?.[1]),
    ),
  ]);
  return { apiAtMs, pageAtMs };
};

/** Runs the scenario: `failures` is 100 in full. */
export const runFreshness = ({ failures }: { failures: number }) =>
  withCleanup(async (later): Promise<ScenarioResult> => {
    const target = await startTarget();
    later(target.stop);
    const server = await startServer({ name: "fresh", config: configOf(failures, target.url) });
    later(server.stop);
    const areUp = async (): Promise<boolean> => {
      const statuses = [...(await statusesOf(server)).values()];
      return statuses.length === failures && statuses.every((status) => status === "operational");
    };
    await waitFor("every service to be up", areUp, { deadlineMs: 60_000, everyMs: 250 });
    await waitFor("the page", async () => (await fetch(server.url)).status === 200, { deadlineMs: 30_000 });
    const stream = follow(Number(new URL(server.url).port));
    later(async () => stream.stop());
    const took = { api: [] as number[], page: [] as number[], live: [] as number[] };
    const watch = async (index: number): Promise<void> => {
      const name = nameOf(index);
      target.down.add(String(index));
      const { apiAtMs, pageAtMs } = await watchOne(server, name);
      await waitFor(`the stream to tell of ${name}`, () => Promise.resolve(stream.badAtMs.has(name)));
      const fromMs = target.failedAtMs.get(String(index)) ?? Number.NaN;
      took.api.push(apiAtMs - fromMs);
      took.page.push(pageAtMs - fromMs);
      took.live.push((stream.badAtMs.get(name) ?? Number.NaN) - fromMs);
    };
    const watching: Promise<void>[] = [];
    for (let index = 0; index < failures; index += 1) {
      watching.push(watch(index));
      // At instants of all kinds between two runs.
      await pause(700 + ((index * 137) % INTERVAL_MS));
    }
    await Promise.all(watching);
    const figures = Object.entries(took).flatMap(([name, values]) => [
      [`${name}P50Ms`, percentileOf(values, 0.5)],
      [`${name}P99Ms`, percentileOf(values, 0.99)],
    ]) as [string, number][];
    return {
      figures: { failures, ...Object.fromEntries(figures) },
      faults: figures.flatMap(([name, ms]) => (ms <= MOST_P99_MS ? [] : [`${name} was ${ms}`])),
    };
  });
