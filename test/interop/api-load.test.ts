import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runApiLoad } from "#lib/cli/bench/api-load.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { ContractWorld } from "../db/contract-world.ts";
import { contractWorld } from "../db/contract-world.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

/** How many times as fast as docs/load/k6.js the stages are gone through; 1 is the whole of it, four and a half minutes. */
const SPEED = process.env.NINES_LOAD_SPEED ?? "20";

let world: ContractWorld;
beforeAll(async () => {
  world = await contractWorld({ clock: systemClock });
});
afterAll(() => world?.stop());

test("up to 200 callers are answered in less than 500 ms (p95) with less than 1 % errors", async () => {
  let printed = "";
  const stdout = new Writable({
    write: (chunk: Buffer, _, done) => {
      printed += chunk.toString();
      done();
    },
  });
  const code = await runApiLoad({
    args: ["--url", world.url, "--speed", SPEED, "--json"],
    env: {},
    stdin: process.stdin,
    stdout,
    stderr: stdout,
    signal: new AbortController().signal,
  });
  process.stdout.write(`load: ${printed}`);
  expect({ code, printed }).toMatchObject({ code: 0 });
  const { requests, statuses } = JSON.parse(printed) as { requests: number; statuses: Record<string, number> };
  expect(requests).toBeGreaterThan(500);
  expect(Object.keys(statuses)).toEqual(["200"]);
});
