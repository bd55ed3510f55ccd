import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { JWK } from "jose";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addAgentKey, revokeAgent } from "#lib/commands/agents/agent-keys.ts";
import { readLocalWork } from "#lib/commands/agents/location-work.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { AgentWork, PROBES_PATH, PushResult, RUNS_PATH, TIME_HEADER } from "#lib/contracts/ingest.ts";
import { pushedRun, pushedTry } from "#lib/contracts/ingest-run.ts";
import { durationMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

type Key = { readonly kid: string; readonly publicJwk: JWK; readonly privateKey: CryptoKey };
type Claims = { iss?: string; aud?: string; iat?: number; exp?: number; nbf?: number };

const makeKey = async (alg: "ES256" | "RS256" | "ES384", kid: string): Promise<Key> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" }, privateKey };
};

const config = sampleConfig({
  locations: [
    {
      id: "fra",
      name: "Frankfurt",
      referenceChecks: [
        { id: "site", url: "https://example.com/", intervalMs: durationMs(10_000), timeoutMs: durationMs(3_000) },
      ],
    },
    { id: "nyc", name: "New York" },
  ],
  services: [
    sampleService({
      probes: [
        sampleProbe({ locations: ["fra", "nyc"], headers: { authorization: "Bearer canary" } }),
        sampleProbe({ id: "only-nyc", locations: ["nyc"] }),
      ],
    }),
  ],
});

const secretBox = createSecretBox(randomBytes(32));
const opening = { secretBox, onClosed: (probeId: string) => expect.unreachable(probeId) };
let db: TestDatabase;
let site: TestSite;
let fra: Key;
let rsa: Key;

const seconds = (): number => Math.floor(systemClock.now() / 1_000);
const register = (key: Key, locationId: string) =>
  addAgentKey(db.database, { locationId, jwk: JSON.stringify(key.publicJwk), actor: "test", now: systemClock.now() });

const tokenOf = (key: Key, claims: Claims = {}, head: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT({ iss: "agent-fra", aud: "nines-ingest", iat: seconds(), exp: seconds() + 120, ...claims })
    .setProtectedHeader({ alg: (key.publicJwk.alg ?? "ES256") as string, kid: key.kid, typ: "JWT", ...head })
    .sign(key.privateKey);

const ask = (path: string, token: string | null, init: RequestInit = {}): Promise<Response> =>
  fetch(`${site.url}${path}`, {
    ...init,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(init.headers as object) },
  });

const push = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
  ask(RUNS_PATH, await tokenOf(fra), {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });

beforeAll(async () => {
  db = await testDatabase();
  await db.database.transaction((tx) => applyConfig(tx, { config, now: systemClock.now(), secretBox }));
  site = await startTestSite({ database: db.database, secretBox });
  [fra, rsa] = [await makeKey("ES256", "fra-1"), await makeKey("RS256", "fra-rsa")];
  await register(fra, "fra");
  await register(rsa, "fra");
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("the token", () => {
  test("of a registered key is accepted, ES256 and RS256, also by a clock that is a minute off", async () => {
    for (const token of [
      await tokenOf(fra),
      await tokenOf(rsa),
      await tokenOf(fra, { iat: seconds() + 55, exp: seconds() + 200 }),
      await tokenOf(fra, { iat: seconds() - 170, exp: seconds() - 50 }),
    ])
      expect((await ask(PROBES_PATH, token)).status).toBe(200);
  });

  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = () => ({ iss: "agent-fra", aud: "nines-ingest", iat: seconds(), exp: seconds() + 60 });
  const wrong: Record<string, () => Promise<string> | string> = {
    "without a signature": () => `${part({ alg: "none", kid: "fra-1" })}.${part(claims())}.`,
    "signed with the public key as a secret": () =>
      new SignJWT(claims())
        .setProtectedHeader({ alg: "HS256", kid: "fra-1" })
        .sign(new TextEncoder().encode(JSON.stringify(fra.publicJwk))),
    "signed by another key": async () => tokenOf({ ...(await makeKey("ES256", "fra-1")) }),
    "of a key that nobody registered": async () => tokenOf(await makeKey("ES256", "stranger")),
    "that claims another algorithm": () => tokenOf({ ...rsa, kid: "fra-1" }, {}, { alg: "RS256" }),
    "that names no key": () => tokenOf({ ...fra, kid: undefined as unknown as string }),
    "that brings its own key": () => tokenOf(fra, {}, { jwk: fra.publicJwk }),
    "that says where to fetch the key": () => tokenOf(fra, {}, { jku: "https://attacker.example/jwks" }),
    "that says where to fetch the certificate": () => tokenOf(fra, {}, { x5u: "https://attacker.example/cert" }),
    "of another type": () => tokenOf(fra, {}, { typ: "at+jwt" }),
    "of another issuer": () => tokenOf(fra, { iss: "agent-nyc" }),
    "for another service": () => tokenOf(fra, { aud: "nines-api" }),
    "that is over": () => tokenOf(fra, { iat: seconds() - 200, exp: seconds() - 61 }),
    "that is not valid yet": () => tokenOf(fra, { nbf: seconds() + 100 }),
    "made in the future": () => tokenOf(fra, { iat: seconds() + 100, exp: seconds() + 200 }),
    "without an end": () => tokenOf(fra, { exp: undefined as unknown as number }),
    "without a beginning": () => tokenOf(fra, { iat: undefined as unknown as number }),
    "that lives for an hour": () => tokenOf(fra, { exp: seconds() + 3_600 }),
    "that is no JWT": () => "abc",
    "that is very long": () => "a".repeat(9_000),
  };

  test.each(Object.entries(wrong))("%s is refused with 401 and a challenge", async (_name, make) => {
    const answer = await ask(PROBES_PATH, await make());
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="nines-ingest", error="invalid_token"');
    expect(Number(answer.headers.get(TIME_HEADER))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({
      code: "UNAUTHENTICATED",
      detail: "the token of the agent is not accepted",
    });
  });

  test("missing: 401 with a challenge that names no error", async () => {
    const answer = await ask(PROBES_PATH, null);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="nines-ingest"');
  });
});

describe("the list of probes", () => {
  test("holds the location's own probes and reference checks, with their secrets, and nothing else", async () => {
    const answer = await ask(PROBES_PATH, await tokenOf(fra));
    const work = AgentWork.parse(await answer.json());
    expect(work.location).toEqual({ id: "fra", name: "Frankfurt" });
    expect(work.probes.map(({ id }) => id)).toEqual(["shop-home", "reference/site"]);
    expect(work.probes[0]).toMatchObject({ headers: { authorization: "Bearer canary" } });
    expect(answer.headers.get("cache-control")).toBe("private, no-cache");
  });

  test("is not sent again while nothing changed", async () => {
    const first = await ask(PROBES_PATH, await tokenOf(fra));
    const etag = first.headers.get("etag") ?? "";
    const again = await ask(PROBES_PATH, await tokenOf(fra), { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  test("a location with a key is not run by the probe role, all others are", async () => {
    const local = async () =>
      (await db.database.read((sql) => readLocalWork(sql, opening))).map(
        ({ definition, locationId }) => `${locationId} ${definition.id}`,
      );
    expect(await local()).toEqual(["nyc shop-home", "nyc only-nyc"]);
    const extra = await makeKey("ES256", "nyc-1");
    await register(extra, "nyc");
    expect(await local()).toEqual([]);
    await revokeAgent(db.database, { kid: "nyc-1", actor: "test", now: systemClock.now() });
    expect(await local()).toEqual(["nyc shop-home", "nyc only-nyc"]);
    expect((await ask(PROBES_PATH, await tokenOf(extra, { iss: "agent-nyc" }))).status).toBe(401);
  });
});

describe("a push", () => {
  const body = (runs: readonly unknown[]): string => JSON.stringify({ runs, clockOffsetMs: 12 });
  const run = (agoMs: number, changes = {}) =>
    pushedRun(sampleRun({ scheduledAt: systemClock.now() - agoMs, ...changes }));

  test("is stored once, as it is and in gzip, and tells what became of it", async () => {
    const text = body([run(5_000), run(4_000)]);
    const first = await push(gzipSync(text), { "content-encoding": "gzip" });
    expect(first.status).toBe(200);
    expect(PushResult.parse(await first.json())).toMatchObject({ inserted: 2, duplicates: 0, refused: 0 });
    expect(await (await push(text)).json()).toMatchObject({ inserted: 0, duplicates: 2 });
  });

  test("of a reference check is kept apart from probes", async () => {
    const answer = await push(body([run(3_000, { probeId: "reference/site" })]));
    expect(await answer.json()).toMatchObject({ inserted: 1, refused: 0 });
    const rows = await db.database.read((sql) => sql`select check_id from reference_runs`);
    expect(rows).toEqual([{ check_id: "site" }]);
  });

  test("brings re-checks along, stored once beside their runs; what is no re-check is passed over", async () => {
    const first = sampleRun({ scheduledAt: systemClock.now() - 1_500, outcome: { class: "timeout" } });
    const tries = [
      pushedTry({ number: 2, run: first }),
      pushedTry({ number: 2, run: sampleRun({ ...first, probeId: "nobody" }) }),
      { number: 2 },
      "odd",
    ];
    const text = JSON.stringify({ runs: [pushedRun(first)], tries });
    expect(await (await push(text)).json()).toMatchObject({ inserted: 1, duplicates: 0, refused: 0, refusals: [] });
    expect(await (await push(text)).json()).toMatchObject({ inserted: 0, duplicates: 1, refused: 0 });
    const stored = () =>
      db.database.read((sql) => sql`select probe_id, number, class from run_try_details`.then((rows) => [...rows]));
    expect(await stored()).toEqual([{ probe_id: "shop-home", number: 2, class: "timeout" }]);
    const foreign = [pushedTry({ number: 2, run: sampleRun({ ...first, locationId: "nyc" }) })];
    expect((await push(JSON.stringify({ runs: [], tries: foreign }))).status).toBe(403);
    expect(await stored()).toHaveLength(1);
  });

  test("of another location is refused whole", async () => {
    const answer = await push(body([run(2_000), run(2_000, { locationId: "nyc" })]));
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, "FORBIDDEN"]);
    const rows = await db.database.read(
      (sql) => sql`select 1 from runs r join locations l on l.no = r.location_no where l.id = 'nyc'`,
    );
    expect(rows).toHaveLength(0);
  });

  const refusals: [string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number][] = [
    ["is not JSON by its type", "{}", { "content-type": "text/plain" }, 415],
    ["has an unknown coding", "{}", { "content-encoding": "br" }, 415],
    ["is no gzip", "{}", { "content-encoding": "gzip" }, 400],
    ["is no JSON", "{", {}, 400],
    ["is not UTF-8", Uint8Array.from([0x22, 0xff, 0x22]), {}, 400],
    ["has no runs", "{}", {}, 400],
    ["has runs that are no list", '{"runs":{}}', {}, 400],
    ["is nested too deep", `{"runs":[${"[".repeat(40)}${"]".repeat(40)}]}`, {}, 400],
    ["is too large", `{"runs":["${"a".repeat(1_100_000)}"]}`, {}, 413],
    ["is a bomb", gzipSync(Buffer.alloc(50_000_000, 0x20)), { "content-encoding": "gzip" }, 413],
  ];
  test.each(refusals)("that %s is refused", async (_name, sent, headers, status) => {
    const answer = await push(sent, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(await answer.json()).toMatchObject({ status });
  });

  test("with another method, or to another address, is told so", async () => {
    const got = await ask(RUNS_PATH, await tokenOf(fra));
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await ask("/ingest/v1/nothing", await tokenOf(fra))).status).toBe(404);
  });
});

describe("a key", () => {
  const add = (jwk: unknown) =>
    addAgentKey(db.database, { locationId: "fra", jwk: JSON.stringify(jwk), actor: "test", now: systemClock.now() });

  test("is registered without anything private, once, and only for a location that exists", async () => {
    const { privateKey, publicJwk } = await makeKey("ES256", "mine");
    await expect(add(await exportJWK(privateKey))).rejects.toThrow(/private part "d"/);
    await expect(add((await makeKey("ES384", "p384")).publicJwk)).rejects.toThrow(/P-256/);
    await expect(add({ kty: "oct", k: "c2VjcmV0" })).rejects.toThrow(/P-256/);
    await expect(add({ ...publicJwk, use: "enc" })).rejects.toThrow(/"use"/);
    await expect(add({ ...publicJwk, kid: "../../etc" })).rejects.toThrow(/"kid"/);
    await expect(add({ ...publicJwk, x: "AAAA" })).rejects.toThrow(/not a valid public key/);
    await expect(add([])).rejects.toThrow(/JWK/);
    await expect(register({ ...fra, kid: "x" }, "moon")).rejects.toThrow(/no location "moon"/);
    await expect(register(fra, "nyc")).rejects.toThrow(/registered for the location "fra"/);
    expect(await register(fra, "fra")).toEqual({ kid: "fra-1", locationId: "fra" });
  });
});
