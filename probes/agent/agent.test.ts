import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PushResult } from "#lib/contracts/ingest.ts";
import { MAX_PUSH_BYTES, PushBody } from "#lib/contracts/ingest.ts";
import { pushedRun, readPushedRun, readPushedTry } from "#lib/contracts/ingest-run.ts";
import type { Run } from "#lib/core/outcome.ts";
import { addMs, durationUs, epochMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import { openIdentity } from "./identity.ts";
import { createPushSink } from "./push-sink.ts";
import { readServerAddress } from "./server-address.ts";
import type { Pushed } from "./server-client.ts";
import { createServerClient } from "./server-client.ts";
import { createServerClock } from "./server-clock.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nines-agent-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));
const open = (locationId = "fra") => openIdentity({ dataDir, locationId, randomBytes });

describe("the identity", () => {
  test("is made once, is readable by its owner only, and shows nothing private", async () => {
    const first = await open();
    const again = await open();
    expect([first.isNew, again.isNew]).toEqual([true, false]);
    expect(again.publicJwk).toEqual(first.publicJwk);
    expect(Object.keys(first.publicJwk).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    expect((await stat(join(dataDir, "agent-key.json"))).mode & 0o777).toBe(0o600);
  });

  test("signs tokens that live for two minutes, each with a name of its own", async () => {
    const { sign, publicJwk, kid } = await open();
    const now = systemClock.now();
    const keys = createLocalJWKSet({ keys: [publicJwk] });
    const read = async () => jwtVerify(await sign(now), keys, { issuer: "agent-fra", audience: "nines-ingest" });
    const [one, other] = [await read(), await read()];
    expect(one.protectedHeader).toEqual({ alg: "ES256", kid, typ: "JWT" });
    expect((one.payload.exp ?? 0) - (one.payload.iat ?? 0)).toBe(120);
    expect(one.payload.jti).not.toBe(other.payload.jti);
  });

  test("is not taken over by another location, nor replaced when its file is damaged", async () => {
    await open();
    await expect(open("nyc")).rejects.toThrow(/belongs to the agent of "fra"/);
    await writeFile(join(dataDir, "agent-key.json"), "{");
    await expect(open()).rejects.toThrow(/SECRET_KEY_INVALID/);
    expect(await readFile(join(dataDir, "agent-key.json"), "utf8")).toBe("{");
  });
});

describe("the address of the server", () => {
  test.each([
    ["https://status.example.com/", [], "https://status.example.com"],
    ["https://10.0.0.5:8443/status/", [], "https://10.0.0.5:8443/status"],
    ["http://127.0.0.1:3000", [], "http://127.0.0.1:3000"],
    ["http://localhost:3000", [], "http://localhost:3000"],
    ["http://[::1]:3000", [], "http://[::1]:3000"],
    ["http://10.0.0.5:3000", ["10.0.0.0/8"], "http://10.0.0.5:3000"],
    ["http://wiki:3000", ["wiki"], "http://wiki:3000"],
  ])("%s is taken", (text, allow, base) => expect(readServerAddress(text, allow).base).toBe(base));

  test.each([
    "http://status.example.com",
    "http://10.0.0.5:3000",
    "http://8.8.8.8",
    "ftp://status.example.com",
    "https://user:secret@status.example.com",
    "https://status.example.com/?a=b",
    "status.example.com",
    "",
  ])("%s is refused", (text) => expect(() => readServerAddress(text, [])).toThrow(/USAGE/));
});

test("the server's clock is used when this machine's is a second off, and small differences change nothing", () => {
  const corrections: number[] = [];
  const local = { ...systemClock, now: () => epochMs(1_000_000) };
  const clock = createServerClock(local, (offsetMs) => corrections.push(offsetMs));
  clock.observe(1_000_700, epochMs(1_000_000));
  expect([clock.now(), clock.offsetMs()]).toEqual([1_000_000, 700]);
  clock.observe(1_300_000, epochMs(1_000_000));
  clock.observe(1_300_400, epochMs(1_000_000));
  expect([clock.now(), clock.offsetMs()]).toEqual([1_300_000, 300_400]);
  clock.observe(1_000_100, epochMs(1_000_000));
  expect([clock.now(), corrections]).toEqual([1_000_000, [300_000, 0]]);
});

test("what an agent asks of the server begins a trace, a new one each time", async () => {
  const seen: string[] = [];
  const server = createServer((req, res) => {
    seen.push(String(req.headers.traceparent));
    res.writeHead(503).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createServerClient({
    address: readServerAddress(`http://127.0.0.1:${port}`, []),
    identity: await open(),
    clock: createServerClock(systemClock, () => {}),
    ...{ localNow: systemClock.now, userAgent: "test", random: Math.random, caPem: null },
  });
  const { signal } = new AbortController();
  await client.pull(null, signal);
  await client.push("{}", signal);
  server.closeAllConnections();
  server.close();
  expect(seen.map((text) => /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(text))).toEqual([true, true]);
  expect(new Set(seen).size).toBe(2);
});

describe("the sink", () => {
  const result: PushResult = { inserted: 0, duplicates: 0, late: 0, refused: 0, refusals: [] };
  const sinkThat = (answer: (body: string, runs: unknown[]) => Pushed) => {
    const bodies: string[] = [];
    const push = async (body: string): Promise<Pushed> => {
      bodies.push(body);
      return answer(body, (JSON.parse(body) as { runs: unknown[] }).runs);
    };
    const client = { push, pull: () => Promise.reject(new Error("not asked for")) };
    const { signal } = new AbortController();
    return { bodies, sink: createPushSink({ client, clockOffsetMs: () => 5, log: silentLogger, signal }) };
  };
  const runs = (count: number, detail: string | null = null): Run[] =>
    Array.from({ length: count }, (_, i) =>
      sampleRun({ scheduledAt: 1_000_000 + i * 1_000, outcome: { class: "body_mismatch", detail } }),
    );
  const refusal = (status: number | null): Pushed => ({ kind: "refused", status, code: null, detail: "no" });

  test("sends runs that the server reads as they were, in pieces that it takes", async () => {
    const sent = runs(3_000, "x".repeat(900));
    const { sink, bodies } = sinkThat(() => ({ kind: "stored", result }));
    await sink.accept(sent, []);
    expect(bodies.length).toBeGreaterThan(2);
    for (const body of bodies) expect(Buffer.byteLength(body)).toBeLessThan(MAX_PUSH_BYTES);
    const read = bodies.flatMap((body) => (JSON.parse(body) as { runs: unknown[] }).runs.map(readPushedRun));
    expect(read).toEqual(sent.map((run) => ({ run })));
  });

  test("a certificate's end, failures and parts survive the way", () => {
    const failures = [{ assertion: "status in", expected: "2xx", seen: "500" }];
    const run = sampleRun({
      scheduledAt: 5,
      traceId: null,
      parts: [
        {
          key: "login",
          name: "Log in",
          class: "bad_status",
          detail: "500",
          durationUs: durationUs(7),
          httpStatus: 500,
          failures,
        },
      ],
      outcome: {
        certificateExpiresAt: addMs(epochMs(0), 86_400_000),
        failures,
      },
    });
    expect(readPushedRun(JSON.parse(JSON.stringify(pushedRun(run))))).toEqual({ run });
  });

  test("sends tries in a list of their own, which a server that does not know them passes over", async () => {
    const { sink, bodies } = sinkThat(() => ({ kind: "stored", result }));
    const one = { number: 2, run: sampleRun({ scheduledAt: 1_000, outcome: { class: "timeout" } }) };
    await sink.accept(runs(1), [one]);
    await sink.accept(runs(1), []);
    const [both, plain] = bodies.map((body) => JSON.parse(body) as { runs: unknown[]; tries?: unknown[] });
    expect([both?.runs.length, both?.tries?.map(readPushedTry)]).toEqual([1, [one]]);
    expect(plain).not.toHaveProperty("tries");
    expect(PushBody.safeParse(both).success).toBe(true);
    expect(readPushedTry({ ...pushedRun(one.run), number: 1 })).toBeNull();
  });

  test.each([null, 401, 403, 429, 500, 503])("rejects at status %s, so that the runs are kept", async (status) => {
    await expect(sinkThat(() => refusal(status)).sink.accept(runs(2), [])).rejects.toThrow();
  });

  test("a run that the server can never take is given up alone", async () => {
    const { sink, bodies } = sinkThat((body, list) =>
      body.includes("poison") && list.length >= 1 ? refusal(400) : { kind: "stored", result },
    );
    const [first, ...rest] = runs(8);
    const poison = sampleRun({ scheduledAt: 1, outcome: { detail: "poison" } });
    await sink.accept([first as Run, poison, ...rest], []);
    const stored = new Set(
      bodies
        .filter((body) => !body.includes("poison"))
        .flatMap((body) =>
          (JSON.parse(body) as { runs: { scheduledAt: string }[] }).runs.map((run) => run.scheduledAt),
        ),
    );
    expect(stored.size).toBe(8);
  });
});
