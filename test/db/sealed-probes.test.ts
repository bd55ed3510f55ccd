import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readActiveProbes, readSlos } from "#db/queries/config.ts";
import { readServiceSecrets, readSloSecrets } from "#db/queries/mirror-secrets.ts";
import { readThresholdAlerts } from "#db/queries/threshold-alerts.ts";
import { readLocalWork } from "#lib/commands/agents/location-work.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { hashOfToken, openProbe, sealProbe } from "#lib/commands/sealed-probe.ts";
import { openSlo, openThresholds } from "#lib/commands/sealed-source.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type {
  HeartbeatProbeDefinition,
  JourneyProbeDefinition,
  ProbeDefinition,
  PromqlSource,
  SloDefinition,
  ThresholdAlert,
} from "#lib/core/definitions.ts";
import { addMs, durationMs, epochMs, HOUR_MS } from "#lib/core/units.ts";
import { readChangedTokens } from "#lib/read/heartbeat-tokens.ts";
import { sampleConfig, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const T0 = epochMs(Date.UTC(2026, 10, 22, 12));
const T1 = addMs(T0, HOUR_MS);
const box = createSecretBox(randomBytes(32));
const CANARY = "C4n4ry";
const TOKEN = `${CANARY}-token-of-the-backup`;

const http = sampleProbe({
  headers: { authorization: `${CANARY}-1`, cookie: `${CANARY}-2`, "x-api-key": `${CANARY}-3`, accept: "text/plain" },
  auth: { kind: "basic", username: "probe", password: `${CANARY}-4` },
  clientCertificate: { certPem: "public", keyPem: `-----BEGIN ${CANARY}-5` },
});
const journey: JourneyProbeDefinition = {
  type: "journey",
  id: "checkout",
  intervalMs: durationMs(60_000),
  timeoutMs: durationMs(30_000),
  locations: ["fra"],
  assertions: [],
  steps: [
    {
      id: "login",
      name: "Sign in",
      url: "https://shop.example/login",
      method: "POST",
      headers: { cookie: `${CANARY}-6` },
      body: null,
      auth: { kind: "bearer", token: `${CANARY}-7` },
      maxRedirects: 10,
      timeoutMs: durationMs(5_000),
      assertions: [],
      extract: [],
      always: false,
    },
  ],
};
const heartbeat: HeartbeatProbeDefinition = {
  type: "heartbeat",
  id: "backup",
  intervalMs: durationMs(60_000),
  timeoutMs: durationMs(10_000),
  locations: ["fra"],
  schedule: { kind: "interval", everyMs: durationMs(60_000) },
  graceMs: durationMs(60_000),
  token: TOKEN,
};
const all = [http, journey, heartbeat, sampleProbe({ id: "plain" })];

const source = (number: number): PromqlSource => ({
  url: "https://prometheus.example",
  headers: { "x-scope-token": `${CANARY}-${number}`, "x-scope-orgid": "shop" },
  auth: { kind: "bearer", token: `${CANARY}-${number + 1}` },
});
const promql = (server = source(10), objective = "99.9") =>
  sampleSlo({
    id: "traffic",
    sli: { kind: "promql", source: server, good: "good", total: "total" },
    probes: [],
    objective,
  });
const threshold = (id: string, server: PromqlSource | null): ThresholdAlert => ({
  id,
  metric: "rate_4xx",
  op: "gt",
  value: "10",
  forMs: durationMs(0),
  windowMs: durationMs(300_000),
  severity: "ticket",
  notify: null,
  probes: server === null ? [http.id] : [],
  source: server === null ? null : { server, query: "rate" },
  baselineMs: durationMs(0),
});
const thresholds = [
  threshold("open", null),
  threshold("sealed", { ...source(20), auth: { kind: "basic", username: "nines", password: `${CANARY}-22` } }),
];

let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
});
afterEach(() => db.drop());

const apply = (
  probes: readonly ProbeDefinition[],
  now = T0,
  secretBox = box,
  sources: { slos?: readonly SloDefinition[]; thresholdAlerts?: readonly ThresholdAlert[] } = {},
) => {
  const service = sampleService({ probes, slos: [promql()], thresholdAlerts: thresholds, ...sources });
  return db.database.transaction((tx) =>
    applyConfig(tx, { config: sampleConfig({ services: [service] }), now, secretBox }),
  );
};
/** Every row of every table as text, as a dump would hold it. */
const everything = (): Promise<string> =>
  db.database.read(async (sql) => {
    const tables = await sql<{ name: string }[]>`
      select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`;
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await sql.unsafe<{ text: string }[]>(`select t::text as text from ${name} t`);
      texts.push(...rows.map(({ text }) => `${name} ${text}`));
    }
    return texts.join("\n");
  });
const opened = async (secretBox: SecretBox = box) =>
  (await db.database.read((sql) => readActiveProbes(sql, null))).map((probe) => openProbe(secretBox, probe));
const versions = () =>
  db.database.read(async (sql) => (await readActiveProbes(sql, null)).map(({ version }) => version));
const tokens = async () => (await readChangedTokens(db.database, null))?.probeNoByHash;
const openedSource = (secretBox: SecretBox = box) =>
  db.database.read(async (sql) => {
    const [slo] = await readSlos(sql);
    const secrets = await readSloSecrets(sql);
    if (slo === undefined) return null;
    const secretsCiphertext = secrets.get(slo.id) ?? null;
    return { version: slo.version, slo: openSlo(secretBox, { definition: slo.definition, secretsCiphertext }) };
  });
const openedThresholds = (secretBox: SecretBox = box) =>
  db.database.read(async (sql) => {
    const alerts = (await readThresholdAlerts(sql)).map(({ definition }) => definition);
    const secretsCiphertext = (await readServiceSecrets(sql)).get("shop") ?? null;
    return openThresholds(secretBox, { serviceId: "shop", alerts, secretsCiphertext });
  });
/** The tables as a release before the sealing left them. */
const writeInClear = () =>
  db.database.transaction(async (tx) => {
    for (const definition of all) {
      const text = JSON.stringify(definition);
      await tx`update probes set definition = ${text}::text::jsonb, secrets_ciphertext = null, token_sha256 = null
                where id = ${definition.id}`;
      await tx`update probe_versions v set definition = ${text}::text::jsonb, is_without_secrets = false
                 from probes p where p.no = v.probe_no and p.id = ${definition.id}`;
    }
    const slo = JSON.stringify(promql());
    await tx`update slos set definition = ${slo}::text::jsonb, secrets_ciphertext = null`;
    await tx`update slo_versions set definition = ${slo}::text::jsonb, is_without_secrets = false`;
    await tx`update services set threshold_alerts = ${JSON.stringify(thresholds)}::text::jsonb,
                                 secrets_ciphertext = null`;
  });

test("no credential of a probe stands in clear in any table, and each is read back as it was", async () => {
  await apply(all);
  const text = await everything();
  expect(text).toContain("[hidden]");
  expect(text).not.toContain(CANARY);
  expect(await opened()).toEqual(all);
  expect([...((await tokens())?.keys() ?? [])]).toEqual([hashOfToken(TOKEN)]);
});

test("the same file again writes nothing; another password is a new version, and seals no other probe anew", async () => {
  await apply(all);
  const before = await everything();
  expect(await apply(all, T1)).toMatchObject({ changed: false });
  expect(await everything()).toBe(before);
  const changed = { ...http, auth: { kind: "basic", username: "probe", password: `${CANARY}-new` } } as const;
  const ciphers = () =>
    db.database.read(async (sql) => [
      ...(await sql<{ text: string | null }[]>`select secrets_ciphertext as text from probes order by position`),
    ]);
  const [, ...others] = await ciphers();
  await apply([changed, journey, heartbeat, sampleProbe({ id: "plain" })], T1);
  expect(await versions()).toEqual([2, 1, 1, 1]);
  expect((await opened())[0]).toEqual(changed);
  expect((await ciphers()).slice(1)).toEqual(others);
  expect(await everything()).not.toContain(CANARY);
});

test("rows that an older release wrote in clear are read, and sealed by the next apply without a new version", async () => {
  await apply(all);
  await writeInClear();
  expect(await opened()).toEqual(all);
  expect([...((await tokens())?.keys() ?? [])]).toEqual([hashOfToken(TOKEN)]);
  expect(await everything()).toContain(CANARY);
  expect(await apply(all, T1)).toMatchObject({ changed: true });
  expect(await everything()).not.toContain(CANARY);
  expect(await opened()).toEqual(all);
  expect(await versions()).toEqual([1, 1, 1, 1]);
  expect([...((await tokens())?.keys() ?? [])]).toEqual([hashOfToken(TOKEN)]);
});

test("probes that left the file keep no secret, those that an older release retired as well", async () => {
  await apply(all);
  await writeInClear();
  await apply([sampleProbe({ id: "plain" })], T1);
  expect(await everything()).not.toContain(CANARY);
  const left = await db.database.read(
    (sql) => sql`select id from probes where secrets_ciphertext is not null or token_sha256 is not null`,
  );
  expect([...left]).toEqual([]);
  await apply(all, addMs(T1, HOUR_MS));
  expect(await opened()).toEqual(all);
});

test("a probe whose secrets cannot be opened is not run, and the next apply with the present key seals it again", async () => {
  await apply(all);
  const other = createSecretBox(randomBytes(32));
  const closed: string[] = [];
  const work = (secretBox: SecretBox) =>
    db.database.read((sql) => readLocalWork(sql, { secretBox, onClosed: (id) => closed.push(id) }));
  expect((await work(other)).map(({ definition }) => definition.id)).toEqual(["plain"]);
  expect(closed).toEqual(["shop-home", "checkout"]);
  await apply(all, T1, other);
  expect((await work(other)).map(({ definition }) => definition)).toEqual([http, journey, all[3]]);
  expect(await versions()).toEqual([1, 1, 1, 1]);
});

test("credentials of PromQL sources stand sealed, and are read back as they were", async () => {
  await apply(all);
  expect(await everything()).not.toContain(CANARY);
  expect(await openedSource()).toEqual({ version: 1, slo: promql() });
  expect(await openedThresholds()).toEqual(thresholds);
});

test("sources that an older release wrote in clear are read, and sealed by the next apply as the same version", async () => {
  await apply(all);
  await writeInClear();
  expect(await openedSource()).toEqual({ version: 1, slo: promql() });
  expect(await openedThresholds()).toEqual(thresholds);
  expect(await apply(all, T1)).toMatchObject({ changed: true });
  expect(await everything()).not.toContain(CANARY);
  expect(await openedSource()).toEqual({ version: 1, slo: promql() });
  expect(await openedThresholds()).toEqual(thresholds);
  expect(await apply(all, addMs(T1, HOUR_MS))).toMatchObject({ changed: false });
});

test("another credential of a source is no new version of the SLO; another objective is, and keeps none in its past", async () => {
  await apply(all);
  const rotated = promql(source(30));
  expect(await apply(all, T1, box, { slos: [rotated] })).toMatchObject({ changed: true });
  expect(await openedSource()).toEqual({ version: 1, slo: rotated });
  await apply(all, addMs(T1, HOUR_MS), box, { slos: [promql(source(30), "99.5")] });
  expect((await openedSource())?.version).toBe(2);
  expect(await everything()).not.toContain(CANARY);
});

test("sources that left the file keep no credential, and one of another key is sealed again by the next apply", async () => {
  await apply(all);
  const other = createSecretBox(randomBytes(32));
  expect(await openedSource(other)).toEqual({ version: 1, slo: null });
  expect(await openedThresholds(other)).toBeNull();
  await apply(all, T1, other);
  expect(await openedSource(other)).toEqual({ version: 1, slo: promql() });
  expect(await openedThresholds(other)).toEqual(thresholds);
  await writeInClear();
  await apply(all, addMs(T1, HOUR_MS), other, { slos: [], thresholdAlerts: [] });
  expect(await everything()).not.toContain(CANARY);
  const left = await db.database.read(
    (sql) => sql`select id from slos where secrets_ciphertext is not null
                 union all select id from services where secrets_ciphertext is not null`,
  );
  expect([...left]).toEqual([]);
});

test("sealed secrets that are moved to another probe do not open there", () => {
  const row = { id: http.id, service_id: "shop", position: 0, managed_by: "file" as const, definition: http };
  const { definition, secrets_ciphertext: secretsCiphertext } = sealProbe(box, row, undefined);
  expect(openProbe(box, { definition, secretsCiphertext })).toEqual(http);
  expect(openProbe(box, { definition: { ...definition, id: "evil" }, secretsCiphertext })).toBeNull();
});
