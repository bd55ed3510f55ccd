import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ActiveProbe } from "#db/queries/config.ts";
import {
  readActiveProbes,
  readConfigDocument,
  readConfigVersion,
  readLocations,
  readProbesForRollup,
  readServices,
  readSlos,
} from "#db/queries/config.ts";
import { readEndpoints } from "#db/queries/endpoints.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { openProbe } from "#lib/commands/sealed-probe.ts";
import { createSecretBox, endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import type { Config } from "#lib/core/definitions.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { addMs, durationMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { sampleConfig, sampleEndpoint, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";

const T0 = epochMs(Date.UTC(2026, 10, 21, 12));
const box = createSecretBox(randomBytes(32));
let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
});
afterEach(() => db.drop());

const apply = (config: Config, now = T0, secretBox = box) =>
  db.database.transaction((tx) => applyConfig(tx, { config, now, secretBox }));
const allText = async (): Promise<string> => {
  const parts = await db.database.read(
    (sql) => sql<{ text: string }[]>`
      select row_to_json(t)::text as text from config_versions t
      union all select row_to_json(t)::text from audit_log t
      union all select row_to_json(t)::text from endpoints t`,
  );
  return parts.map((part) => part.text).join("\n");
};

test("what was applied reads back value by value, in the order of the file", async () => {
  const config = sampleConfig({
    locations: [
      { id: "sel", name: "Seoul" },
      { id: "fra", name: "Frankfurt" },
    ],
    services: [
      sampleService({ id: "zeta", name: "Zeta", group: null, probes: [sampleProbe({ id: "zeta-1" })], slos: [] }),
      sampleService({ description: "Where people buy" }),
    ],
  });
  expect(await apply(config)).toEqual({ version: 1n, changed: true });
  await db.database.read(async (sql) => {
    expect((await readLocations(sql)).map(({ id, name }) => ({ id, name }))).toEqual(config.locations);
    expect((await readServices(sql)).map(({ id, group, position }) => [id, group, position])).toEqual([
      ["zeta", null, 0],
      ["shop", "Shopping", 1],
    ]);
    expect((await readActiveProbes(sql, null)).map((probe) => probe.definition)).toEqual(
      config.services.flatMap((service) => service.probes),
    );
    const [slo] = await readSlos(sql);
    expect(slo).toMatchObject({ serviceId: "shop", version: 1, definition: sampleSlo(), activeFrom: T0 });
    expect(await readConfigDocument(sql)).toMatchObject({
      version: 1n,
      page: config.page,
      egress: config.egress,
      createdAt: T0,
      updatedAt: T0,
    });
    const [endpoint] = await readEndpoints(sql);
    expect(box.open(endpoint?.urlCiphertext ?? "", endpointUrlContext("oncall"))).toBe(sampleEndpoint().url);
    expect(box.open(endpoint?.secretCiphertext ?? "", endpointSecretContext("oncall"))).toBe(sampleEndpoint().secret);
    expect(endpoint).toMatchObject({ events: ["alert.firing", "alert.resolved"], timeoutMs: 5_000, state: "active" });
  });
});

test("a location gets its own probes only", async () => {
  const probes = [sampleProbe(), sampleProbe({ id: "both", locations: ["fra", "sel"] })];
  await apply(sampleConfig({ services: [sampleService({ probes })] }));
  const idsAt = async (ids: string[] | null) =>
    (await db.database.read((sql) => readActiveProbes(sql, ids))).map((probe) => probe.definition.id);
  expect(await idsAt(["sel"])).toEqual(["both"]);
  expect(await idsAt(["fra", "sel"])).toEqual(["shop-home", "both"]);
  expect(await idsAt([])).toEqual([]);
});

test("a file that changes nothing writes nothing, not even by another order of keys", async () => {
  await apply(sampleConfig());
  const before = await allText();
  const { page, ...rest } = sampleConfig();
  expect(await apply({ ...rest, page }, addMs(T0, HOUR_MS))).toEqual({ version: 1n, changed: false });
  expect(await allText()).toBe(before);
});

test("no secret stands anywhere in clear, neither an endpoint's nor a header's in the record of versions", async () => {
  const probe = sampleProbe({ headers: { Authorization: "Bearer canary", accept: "text/plain" } });
  await apply(sampleConfig({ services: [sampleService({ probes: [probe] })] }));
  expect(await allText()).not.toContain("canary");
  const [active] = await db.database.read((sql) => readActiveProbes(sql, null));
  expect(openProbe(box, active as ActiveProbe)).toEqual(probe);
});

test("a changed probe gets a new version from now on, and the old one ends at the same instant", async () => {
  await apply(sampleConfig());
  const T1 = addMs(T0, HOUR_MS);
  const slower = sampleProbe({ intervalMs: durationMs(MINUTE_MS) });
  await apply(sampleConfig({ services: [sampleService({ probes: [slower] })] }), T1);
  const spans = async (from: number, until: number) =>
    (await db.database.read((sql) => readProbesForRollup(sql, { from: epochMs(from), until: epochMs(until) }))).map(
      ({ version, activeFrom, activeUntil, definition }) => [version, activeFrom, activeUntil, definition.intervalMs],
    );
  const first = [1, T0, T1, 30_000];
  const second = [2, T1, null, 60_000];
  expect(await spans(T0, T1 + 1)).toEqual([first, second]);
  expect(await spans(T1, T1 + 1)).toEqual([second]);
  expect(await spans(T0, T1)).toEqual([first]);
});

test("an SLO gets a new version only when its definition changed", async () => {
  await apply(sampleConfig());
  await apply(sampleConfig({ services: [sampleService({ name: "Renamed" })] }), addMs(T0, 1));
  const versionOf = async () => (await db.database.read((sql) => readSlos(sql)))[0]?.version;
  expect(await versionOf()).toBe(1);
  await apply(sampleConfig({ services: [sampleService({ slos: [sampleSlo({ objective: "99.5" })] })] }), addMs(T0, 2));
  expect(await versionOf()).toBe(2);
});

test("what leaves the file is retired, and what comes back is in force again", async () => {
  const extra = sampleService({
    id: "extra",
    name: "Extra",
    probes: [sampleProbe({ id: "extra-1", locations: ["sel"] })],
    slos: [sampleSlo({ id: "extra-slo", probes: ["extra-1"] })],
  });
  const full = sampleConfig({
    locations: [
      { id: "fra", name: "Frankfurt" },
      { id: "sel", name: "Seoul" },
    ],
    services: [sampleService(), extra],
  });
  const [T1, T2] = [addMs(T0, HOUR_MS), addMs(T0, 2 * HOUR_MS)];
  const state = () =>
    db.database.read(async (sql) => [
      (await readLocations(sql)).map((row) => row.id),
      (await readServices(sql)).map((row) => row.id),
      (await readActiveProbes(sql, null)).map((row) => [row.definition.id, row.version]),
      (await readSlos(sql)).map((row) => [row.id, row.version]),
      (await readEndpoints(sql)).map((row) => row.id),
    ]);
  await apply(full);
  const before = await state();
  await apply(sampleConfig({ notifications: [] }), T1);
  expect(await state()).toEqual([["fra"], ["shop"], [["shop-home", 1]], [["shop-availability", 1]], []]);
  await apply(full, T2);
  // No run is expected of the gap, so the probe starts a new version; the SLO keeps its history.
  expect(await state()).toEqual([
    before[0],
    before[1],
    [
      ["shop-home", 1],
      ["extra-1", 2],
    ],
    before[3],
    before[4],
  ]);
  const versions = await db.database.read((sql) => readProbesForRollup(sql, { from: T0, until: addMs(T2, 1) }));
  expect(
    versions.filter((row) => row.definition.id === "extra-1").map((row) => [row.activeFrom, row.activeUntil]),
  ).toEqual([
    [T0, T1],
    [T2, null],
  ]);
});

test("a removed endpoint's waiting deliveries are canceled, delivered ones stay", async () => {
  await apply(sampleConfig());
  await db.database.transaction(async (tx) => {
    await tx`insert into events (id, type, subject, dedup_key, data, occurred_at)
             values ('evt_1', 'alert.firing', 's', 'k1', '{}', now()), ('evt_2', 'alert.firing', 's', 'k2', '{}', now())`;
    await tx`insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at, finished_at)
             values ('dlv_1', 'evt_1', 'oncall', 1, 'delivered', now(), now(), now()),
                    ('dlv_2', 'evt_2', 'oncall', 2, 'pending', now(), now(), null)`;
  });
  await apply(sampleConfig({ notifications: [] }), addMs(T0, 1));
  const states = await db.database.read((sql) => sql<{ state: string }[]>`select state from deliveries order by id`);
  expect(states.map((row) => row.state)).toEqual(["delivered", "canceled"]);
});

test("a new secret is sealed, makes a version and wakes a disabled endpoint; another field leaves it disabled", async () => {
  await apply(sampleConfig());
  await db.database.transaction((tx) => tx`update endpoints set state = 'disabled', disabled_reason = 'gone'`);
  const endpoint = async () => (await db.database.read((sql) => readEndpoints(sql)))[0];
  const sealedBefore = (await endpoint())?.secretCiphertext;
  await apply(sampleConfig({ notifications: [sampleEndpoint({ timeoutMs: durationMs(9_000) })] }), addMs(T0, 1));
  expect(await endpoint()).toMatchObject({ state: "disabled", timeoutMs: 9_000, secretCiphertext: sealedBefore });
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const changed = sampleConfig({ notifications: [sampleEndpoint({ timeoutMs: durationMs(9_000), secret })] });
  expect(await apply(changed, addMs(T0, 2))).toEqual({ version: 3n, changed: true });
  const after = await endpoint();
  expect(after).toMatchObject({ state: "active", disabledReason: null });
  expect(box.open(after?.secretCiphertext ?? "", endpointSecretContext("oncall"))).toBe(secret);
});

test("with another key the endpoints are sealed anew from the file", async () => {
  await apply(sampleConfig());
  const other = createSecretBox(randomBytes(32));
  expect((await apply(sampleConfig(), addMs(T0, 1), other)).changed).toBe(true);
  const [endpoint] = await db.database.read((sql) => readEndpoints(sql));
  expect(other.open(endpoint?.urlCiphertext ?? "", endpointUrlContext("oncall"))).toBe(sampleEndpoint().url);
});

test("each version leaves one audit entry that names what changed, and listeners hear its number", async () => {
  const heard: string[] = [];
  const unlisten = await db.database.listen("nines_config", (payload) => heard.push(payload));
  await apply(sampleConfig());
  await apply(sampleConfig({ services: [sampleService({ name: "Renamed" })] }), addMs(T0, 1));
  await waitFor("both notices", () => heard.includes("2"));
  await unlisten();
  const entries = await db.database.read(
    (sql) => sql<{ action: string; subject: string; after: Record<string, unknown> }[]>`
      select action, subject, after from audit_log order by position`,
  );
  expect(entries.map((entry) => [entry.action, entry.subject])).toEqual([
    ["config.applied", "config/1"],
    ["config.applied", "config/2"],
  ]);
  expect(entries[1]?.after).toMatchObject({ version: "2", services: { changed: ["shop"] } });
  expect(entries[1]?.after).not.toHaveProperty("probes");
});

test("an empty configuration is refused and nothing is retired", async () => {
  await apply(sampleConfig());
  for (const empty of [sampleConfig({ services: [] }), sampleConfig({ locations: [] })]) {
    await expect(apply(empty)).rejects.toSatisfy((error) => errorCodeOf(error) === "CONFIG_INVALID");
  }
  const holdsNul = sampleConfig({ services: [sampleService({ name: "a\u0000b" })] });
  await expect(apply(holdsNul)).rejects.toSatisfy((error) => errorCodeOf(error) === "CONFIG_INVALID");
  expect(await db.database.read(readConfigVersion)).toBe(1n);
  expect(await db.database.read(readServices)).toHaveLength(1);
});

test("two instances that apply the same file at once make one version", async () => {
  const results = await Promise.all([apply(sampleConfig()), apply(sampleConfig()), apply(sampleConfig())]);
  expect(results.map((result) => result.version)).toEqual([1n, 1n, 1n]);
  expect(results.filter((result) => result.changed)).toHaveLength(1);
});

test("ten thousand probes are applied, and found unchanged, within seconds", async () => {
  const services = Array.from({ length: 100 }, (_, s) =>
    sampleService({
      id: `s${s}`,
      name: `Service ${s}`,
      slos: [],
      probes: Array.from({ length: 100 }, (_, p) => sampleProbe({ id: `s${s}-p${p}` })),
    }),
  );
  const config = sampleConfig({ services });
  const run = () =>
    db.database.transaction((tx) => applyConfig(tx, { config, now: T0, secretBox: box }), { deadlineMs: 30_000 });
  const elapsedMs = startStopwatch();
  expect((await run()).changed).toBe(true);
  expect((await run()).changed).toBe(false);
  expect(elapsedMs()).toBeLessThan(10_000);
});
