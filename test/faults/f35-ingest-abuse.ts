// F35: an agent sends duplicates, out of order, 24 h late, 10 min in the future, and runs that cannot be true.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { waitFor } from "../support/wait-for.ts";
import { checkBuckets } from "./rig/checkers.ts";
import type { Server } from "./rig/role-processes.ts";
import { startServer } from "./rig/role-processes.ts";

type Counts = { inserted: number; duplicates: number; late: number; refused: number; refusals: { reason: string }[] };
export type F35Result = { readonly faults: readonly string[]; readonly figures: Record<string, unknown> };

const CONFIG = `
version: 1
page: { name: F35, time_zone: Etc/UTC, languages: [en] }
locations: [{ id: fra, name: Frankfurt }, { id: nyc, name: New York }]
services:
  - id: shop
    name: Shop
    probes:
      - { id: home, type: http, url: "https://shop.example.com/", interval: 1s, timeout: 900ms, locations: [nyc] }
    slos:
      - { id: shop-availability, sli: availability, probes: [home], objective: 99, window: 28d }
`;

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** A run on the wire. Its instants need not lie on the probe's beat: what came is stored. */
const runAt = (at: number, changes: Record<string, unknown> = {}, outcome: Record<string, unknown> = {}) => ({
  probeId: "home",
  locationId: "nyc",
  scheduledAt: new Date(at).toISOString(),
  startedAt: new Date(at + 1).toISOString(),
  traceId: null,
  outcome: {
    class: "ok",
    detail: null,
    durationUs: 1_000,
    phasesUs: { dns: null, connect: 500, tls: null, firstByte: 400, transfer: 100 },
    httpStatus: 200,
    bytesRead: 2,
    address: "192.0.2.1",
    certificateExpiresAt: null,
    failures: [],
    ...outcome,
  },
  ...changes,
});

/** An agent that says whatever it is told to, with a key that is registered as any other. */
const createAgent = async (server: Server) => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "f35", alg: "ES256", use: "sig" };
  await server.register({
    registration: () => Promise.resolve(["key", "add-agent", "--location", "nyc", "--jwk", JSON.stringify(jwk)]),
  });
  const token = () =>
    new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid: "f35", typ: "JWT" })
      .setIssuer("agent-nyc")
      .setAudience("nines-ingest")
      .setIssuedAt()
      .setExpirationTime("2m")
      .sign(privateKey);
  return async (runs: readonly unknown[]): Promise<{ status: number; body: Counts }> => {
    const response = await fetch(`${server.url}/ingest/v1/runs`, {
      method: "POST",
      headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
      body: JSON.stringify({ runs }),
    });
    return { status: response.status, body: (await response.json()) as Counts };
  };
};

const differs = (what: string, seen: unknown, wanted: unknown): string[] =>
  JSON.stringify(seen) === JSON.stringify(wanted)
    ? []
    : [`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`];

const countsOf = ({ inserted, duplicates, late, refused }: Counts) => ({ inserted, duplicates, late, refused });

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item, i) => ({ item, key: (i * 7_919) % items.length }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);

const abuse = async (server: Server): Promise<F35Result> => {
  const push = await createAgent(server);
  const faults: string[] = [];
  const start = Math.floor((Date.now() - 5 * MINUTE) / MINUTE) * MINUTE;
  const recent = Array.from({ length: 120 }, (_, i) => runAt(start + i * 1_000 + 7));

  const outOfOrder = await push(shuffled(recent));
  faults.push(...differs("out of order", outOfOrder.body.inserted, 120));
  const again = await Promise.all([push(recent), push([...recent].reverse()), push(shuffled(recent))]);
  for (const { body } of again)
    faults.push(...differs("duplicates", countsOf(body), { inserted: 0, duplicates: 120, late: 0, refused: 0 }));
  const twice = await push([...recent.slice(0, 5), ...recent.slice(0, 5)]);
  faults.push(
    ...differs("twice in one push", countsOf(twice.body), { inserted: 0, duplicates: 10, late: 0, refused: 0 }),
  );

  await waitFor(
    "the minutes to close",
    async () => {
      const [row] = await server.sql<{ at: Date }[]>`select closed_until as at from rollup_progress`;
      return row !== undefined && row.at.getTime() > start + 3 * MINUTE;
    },
    { deadlineMs: 60_000, everyMs: 250 },
  );
  const dayAgo = Math.floor((Date.now() - 24 * HOUR) / MINUTE) * MINUTE;
  const lateRuns = Array.from({ length: 60 }, (_, i) => runAt(dayAgo + i * 1_000 + 7));
  const late = await push(lateRuns);
  faults.push(...differs("24 h late", countsOf(late.body), { inserted: 60, duplicates: 0, late: 60, refused: 0 }));

  const ahead = await push([
    runAt(Date.now() + 10 * MINUTE),
    runAt(Date.now() + 30_000),
    runAt(Date.now() - 1_000, { startedAt: "2026-13-45T00:00:00Z" }),
  ]);
  faults.push(
    ...differs("10 min in the future", countsOf(ahead.body), { inserted: 1, duplicates: 0, late: 0, refused: 2 }),
  );
  faults.push(
    ...differs(
      "reasons",
      ahead.body.refusals.map(({ reason }) => reason),
      ["future", "invalid: startedAt"],
    ),
  );
  const negative = await push([
    runAt(Date.now() - 3_000, {}, { durationUs: -1 }),
    runAt(Date.now() - 3_000, {}, { phasesUs: { dns: null, connect: -5, tls: null, firstByte: null, transfer: null } }),
    runAt(Date.now() - 3_000, {}, { class: "splendid" }),
    runAt(Date.now() - 3_000, { probeId: "nobody" }),
    "not a run",
  ]);
  faults.push(
    ...differs("negative durations", countsOf(negative.body), { inserted: 0, duplicates: 0, late: 0, refused: 5 }),
  );
  const foreign = await push([runAt(Date.now() - 3_000), runAt(Date.now() - 3_000, { locationId: "fra" })]);
  faults.push(...differs("another location", foreign.status, 403));

  await waitFor(
    "the late minute to be rolled up",
    async () =>
      (await server.sql`select 1 from dirty_minutes where minute < (select closed_until from rollup_progress)`)
        .length === 0,
    { deadlineMs: 30_000, everyMs: 250 },
  );
  const [raw] = await server.sql<{ all: number; late: number; future: number }[]>`
    select count(*)::int as all, (count(*) filter (where is_late))::int as late,
           (count(*) filter (where scheduled_at > now() + interval '1 minute'))::int as future from runs`;
  faults.push(...differs("runs in the database", raw, { all: 181, late: 60, future: 0 }));
  const [bucket] = await server.sql<{ total: number; good: number }[]>`
    select total, good from buckets where minute = ${new Date(dayAgo)}`;
  faults.push(...differs("the late runs lie in their own minute", bucket, { total: 60, good: 60 }));
  faults.push(...(await checkBuckets(server.sql)).map(({ what }) => `K1: ${what}`));
  return { faults, figures: { inserted: raw?.all, late: raw?.late, duplicates: 370 } };
};

/** Runs the scenario against the product's web and engine as processes. */
export const runF35 = async (): Promise<F35Result> => {
  const server = await startServer({ name: "f35", config: CONFIG, roles: ["web", "engine"] });
  try {
    await waitFor("the configuration", async () => (await server.sql`select 1 from locations`).length === 2, {
      deadlineMs: 30_000,
      everyMs: 100,
    });
    // As if the probe had been configured for two days: nothing is expected of it before that.
    await server.sql`update probe_versions set active_from = now() - interval '2 days'`;
    return await abuse(server);
  } finally {
    await server.stop();
  }
};
