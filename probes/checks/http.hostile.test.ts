import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { HttpDeps, HttpTarget } from "#probes/checks/http.ts";
import { checkHttp } from "#probes/checks/http.ts";
import type { HostileServer, Listening } from "#test/support/hostile-servers.ts";
import { HOSTILE_SERVERS, listen, TEST_CA } from "#test/support/hostile-servers.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

const deps: HttpDeps = {
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
};

const targetOf = (hostile: HostileServer, url: string): HttpTarget => ({
  url,
  method: hostile.method ?? "GET",
  headers: {},
  body: null,
  timeoutMs: hostile.timeoutMs ?? 5_000,
  connectTimeoutMs: null,
  maxRedirects: 10,
  caps: DEFAULT_CAPS,
  assertions: [DEFAULT_STATUS_ASSERTION],
  allow: ["127.0.0.1/32"],
  caPem: TEST_CA,
});

/** What keeps the process alive beside what the test runner itself holds. */
const openHandles = (): number =>
  process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|TLSWrap|Timeout|Zlib|Brotli/.test(name)).length;

const until = async (holds: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000;
  while (!holds() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
};

let listening: Listening | null = null;
afterEach(async () => {
  await listening?.close();
  listening = null;
});

describe("a hostile target is an outcome, within its deadline", () => {
  test.each(HOSTILE_SERVERS)("one that $name", async (hostile) => {
    listening = await listen(hostile);
    const target = targetOf(hostile, listening.url);
    const startedAt = performance.now();
    const elapsedMs = startStopwatch();
    const { outcome, traceId } = await checkHttp(target, deps);
    const tookMs = performance.now() - startedAt;
    expect(`${outcome.class}`, outcome.detail ?? "").toBe(hostile.expected);
    if (hostile.detail !== undefined) expect(outcome.detail).toMatch(hostile.detail);
    expect(elapsedMs()).toBeLessThan(target.timeoutMs + 500);
    expect(outcome.durationUs).toBeLessThanOrEqual(tookMs * 1_000 + 1);
    expect(outcome.bytesRead).toBeLessThan(DEFAULT_CAPS.bodyBytes + 70_000);
    expect(traceId === null || /^[0-9a-f]{32}$/.test(traceId)).toBe(true);
  });
});

test("all of them at once, four times over, are classed alike and leave no socket, timer or decoder", async () => {
  const servers = await Promise.all(HOSTILE_SERVERS.map(listen));
  const before = openHandles();
  const runs = Array.from({ length: 4 }, () => HOSTILE_SERVERS.map((hostile, index) => ({ hostile, index }))).flat();
  const wrong: string[] = [];
  for (let from = 0; from < runs.length; from += 50) {
    await Promise.all(
      runs.slice(from, from + 50).map(async ({ hostile, index }) => {
        const { outcome } = await checkHttp(targetOf(hostile, servers[index]?.url ?? ""), deps);
        if (outcome.class !== hostile.expected) wrong.push(`${hostile.name}: ${outcome.class} ${outcome.detail}`);
      }),
    );
  }
  expect(wrong).toEqual([]);
  await Promise.all(servers.map(({ close }) => close()));
  await until(() => openHandles() <= before);
  expect(openHandles()).toBeLessThanOrEqual(before);
});
