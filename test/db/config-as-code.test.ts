import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { readActiveProbes, readServices, readSlos } from "#db/queries/config.ts";
import { readConfigVersions } from "#db/queries/config-versions.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { changeConfigured, createConfigured, removeConfigured } from "#lib/commands/config/change-config.ts";
import { exportYaml } from "#lib/commands/config/export-yaml.ts";
import { planConfig } from "#lib/commands/config/plan-config.ts";
import type { ConfigWorld } from "#lib/commands/config/write-draft.ts";
import { AppError } from "#lib/core/errors.ts";
import { addMs, HOUR_MS } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { runCli } from "#test/support/run-cli.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { BLOG, BODY, box, ENV, FILE, KEY, read, T0 } from "./config-world.ts";

let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
});
afterEach(() => db.drop());

const apply = (document: unknown, now = T0, env: Readonly<Record<string, string>> = ENV, target = db) =>
  target.database.transaction((tx) => applyConfig(tx, { config: read(document, env), now, secretBox: box }));
const write = <T>(work: (world: ConfigWorld) => Promise<T>, now = addMs(T0, HOUR_MS)): Promise<T> =>
  db.database.transaction((tx) => work({ tx, now, actor: "user:ada", secretBox: box, judgeUrl, env: ENV }));
const errorOf = (work: Promise<unknown>): Promise<{ code: string; detail: string }> =>
  work.then(
    () => ({ code: "none", detail: "" }),
    (error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      return { code: error.code, detail: error.detail };
    },
  );

/** Everything that is stored of what is in force, without who owns it and when. */
const stored = (target = db) =>
  target.database.read(async (sql) => ({
    services: await sql`
      select id, name, description, group_name, depends_on, threshold_alerts::text as alerts from services
       where retired_at is null order by id`.then((rows) => [...rows]),
    probes: await sql`
      select id, service_id, definition::text as text from probes where retired_at is null order by id`.then((rows) => [
      ...rows,
    ]),
    slos: await sql`
      select id, service_id, definition::text as text from slos where retired_at is null order by id`.then((rows) => [
      ...rows,
    ]),
    hidden: await sql`
      select (document -> 'page' -> 'servicesWithoutSlos')::text as ids from config_versions
       order by version desc limit 1`.then((rows) => [...rows]),
  }));
const owners = () =>
  db.database.read(async (sql) => ({
    services: Object.fromEntries((await readServices(sql)).map(({ id, managedBy }) => [id, managedBy])),
    slos: Object.fromEntries((await readSlos(sql)).map(({ id, managedBy }) => [id, managedBy])),
  }));

describe("what is written by API", () => {
  test("is stored byte for byte as what the file writes", async () => {
    await apply(FILE);
    await write((world) => createConfigured(world, "service", BODY));
    const other = await testDatabase();
    await apply({ ...FILE, services: [...FILE.services, BLOG] }, T0, ENV, other);
    const byFile = await stored(other);
    await other.drop();
    expect(await stored()).toEqual(byFile);
    expect(await owners()).toEqual({
      services: { shop: "file", blog: "ui" },
      slos: { "shop-slo": "file", "blog-slo": "ui" },
    });
    const told = await db.database.read((sql) => sql`select type, subject from events order by created_at`);
    expect([...told]).toEqual([{ type: "service.created", subject: "blog" }]);
    const everything = await db.database.read(
      (sql) => sql<{ text: string }[]>`
        select row_to_json(t)::text as text from config_versions t union all select row_to_json(t)::text from audit_log t
        union all select row_to_json(t)::text from events t union all select row_to_json(t)::text from probes t`,
    );
    expect(JSON.stringify(everything)).not.toContain("C4n4ry");
  });

  test("stays when the file is applied, and a file that is the same changes nothing", async () => {
    await apply(FILE);
    await write((world) => createConfigured(world, "service", BODY));
    await write((world) =>
      createConfigured(world, "probe", {
        ...(BODY.probes as Record<string, unknown>[])[1],
        id: "shop-ping",
        serviceId: "shop",
      }),
    );
    const before = await stored();
    expect(await apply(FILE, addMs(T0, 2 * HOUR_MS))).toMatchObject({ changed: false });
    expect(await apply({ ...FILE, page: { ...FILE.page, name: "Acme Inc." } })).toMatchObject({ changed: true });
    expect(await stored()).toEqual(before);
    const versions = await db.database.read((sql) =>
      readConfigVersions(sql, { beyond: null, isUpward: true, limit: 9 }),
    );
    expect(versions.map(({ actor }) => actor)).toEqual(["config", "user:ada", "user:ada", "config"]);
    expect(versions[1]?.changes).toMatchObject({ services: { added: ["blog"] }, slos: { added: ["blog-slo"] } });
  });

  test("is changed by a merge patch and ended with its runs kept; a changed promise is a new version", async () => {
    await apply(FILE);
    await write((world) => createConfigured(world, "service", BODY));
    await write((world) => changeConfigured(world, "slo", "blog-slo", { objective: 99 }));
    const promise = (await db.database.read(readSlos)).find(({ id }) => id === "blog-slo");
    expect(promise).toMatchObject({ version: 2, definition: { objective: "99" } });
    await write((world) => changeConfigured(world, "probe", "blog-home", { interval: "5s", timeout: null }));
    const probes = await db.database.read((sql) => readActiveProbes(sql, null));
    const home = probes.find(({ definition }) => definition.id === "blog-home");
    expect(home).toMatchObject({ version: 2, definition: { intervalMs: 5_000, timeoutMs: 5_000 } });
    await write((world) => removeConfigured(world, "service", "blog"));
    expect(await owners()).toEqual({ services: { shop: "file" }, slos: { "shop-slo": "file" } });
    const kept = await db.database.read(
      (sql) => sql`select count(*)::int as n from slo_versions where slo_id = 'blog-slo'`,
    );
    expect(kept[0]).toEqual({ n: 3 });
  });
});

describe("what is refused", () => {
  test("everything wrong with a body is told by its fields, and nothing is written", async () => {
    await apply(FILE);
    const wrong = {
      serviceId: "shop",
      id: "bad",
      type: "http",
      url: "http://127.0.0.1/",
      interval: "10s",
      timeout: "20s",
      locations: ["nowhere"],
      maxRedirect: 3,
    };
    const { code, detail } = await errorOf(write((world) => createConfigured(world, "probe", wrong)));
    expect(code).toBe("INVALID_REQUEST");
    for (const part of ["url: ", "timeout: ", "locations.0: ", "maxRedirect: "]) expect(detail).toContain(part);
    expect(await owners()).toEqual({ services: { shop: "file" }, slos: { "shop-slo": "file" } });
  });

  test("a row of the file is read-only here, and an id has one owner", async () => {
    await apply(FILE);
    const cure = { code: "CONFLICT", detail: expect.stringContaining("change nines.yaml") as string };
    expect(await errorOf(write((world) => changeConfigured(world, "service", "shop", { name: "x" })))).toEqual(cure);
    expect(await errorOf(write((world) => removeConfigured(world, "probe", "shop-home")))).toEqual(cure);
    const taken = { code: "CONFLICT", detail: expect.stringContaining("stands in nines.yaml") as string };
    expect(await errorOf(write((world) => createConfigured(world, "service", { ...BODY, id: "shop" })))).toEqual(taken);
    await write((world) => createConfigured(world, "service", BODY));
    const both = { ...FILE, services: [...FILE.services, BLOG] };
    const error = await apply(both).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    const { errors } = (error as AppError).cause as { errors: unknown[] };
    expect(errors).toContainEqual(expect.objectContaining({ path: "services[1].id", kind: "conflict" }));
  });

  test("a file that takes away what rows by hand need is refused with the path, as is a delete", async () => {
    await apply(FILE);
    await write((world) => createConfigured(world, "service", BODY));
    const without = { ...FILE, locations: [{ id: "fra", name: "Frankfurt" }] };
    const error = (await apply(without).catch((thrown: unknown) => thrown)) as AppError;
    expect(error.cause).toMatchObject({
      errors: [{ path: "services[1].probes[0].locations[1]", kind: "conflict" }, {}],
    });
    expect(await errorOf(write((world) => removeConfigured(world, "probe", "blog-home")))).toMatchObject({
      code: "CONFLICT",
      detail: expect.stringContaining('service "blog"') as string,
    });
  });

  test("no body reads variables or files of the server, and stored credentials do not move to another address", async () => {
    await apply(FILE);
    const [home] = BLOG.probes;
    const probe = (bearer: string) => ({ ...home, id: "spy", serviceId: "shop", auth: { bearer } });
    for (const reference of ["env:KEY", "env:NINES_STORED_0", "file:/etc/hostname"])
      expect(await errorOf(write((world) => createConfigured(world, "probe", probe(reference))))).toMatchObject({
        code: "INVALID_REQUEST",
        detail: expect.stringContaining("NINES_SHARED_") as string,
      });
    await write((world) => createConfigured(world, "service", BODY));
    const move = { url: "https://evil.example.com/" };
    expect(await errorOf(write((world) => changeConfigured(world, "probe", "blog-home", move)))).toMatchObject({
      code: "INVALID_REQUEST",
      detail: expect.stringContaining("name auth again") as string,
    });
    await write((world) => changeConfigured(world, "probe", "blog-home", { ...move, auth: null }));
  });
});

test("everything in force as YAML gives the same definitions in an empty database, and holds no secret", async () => {
  await apply(FILE);
  await write((world) => createConfigured(world, "service", BODY));
  const { text, env } = await db.database.read((sql) => exportYaml(sql, box));
  expect(text).not.toContain("C4n4ry");
  expect(Object.keys(env).toSorted()).toEqual(["BLOG_HOME_TOKEN", "ONCALL_SECRET", "ONCALL_URL", "ONCALL_X_KEY"]);
  const other = await testDatabase();
  await apply(text, T0, env, other);
  const again = await stored(other);
  const secrets = await other.database.read((sql) => exportYaml(sql, box));
  await other.drop();
  expect(again).toEqual(await stored());
  expect(secrets.env).toEqual(env);
  expect(secrets.text).toBe(text);
});

test("a plan tells each field, hides secrets, names what was made by hand, and writes nothing", async () => {
  await apply(FILE);
  await write((world) => createConfigured(world, "service", BODY));
  const plan = (document: unknown, env: Readonly<Record<string, string>> = ENV) =>
    db.database.transaction((tx) => planConfig(tx, { config: read(document, env), secretBox: box }));
  expect(await plan(FILE)).toMatchObject({
    changes: [],
    version: "2",
    madeByHand: { services: ["blog"], probes: ["blog-home", "blog-ping"], slos: ["blog-slo"], endpoints: [] },
  });
  const [shop] = FILE.services;
  const changed = {
    ...FILE,
    services: [
      { ...shop, name: "Shop", slos: [] },
      { ...BLOG, id: "news", probes: [], slos: [] },
    ],
  };
  const probes = [{ ...BLOG.probes[1], id: "news-ping" }];
  const services = [changed.services[0], { ...changed.services[1], probes, threshold_alerts: [] }];
  const other = { ...ENV, HOOK: "https://hooks.example.org/another" };
  const planned = await plan({ ...changed, services }, other);
  expect(JSON.stringify(planned)).not.toMatch(/C4n4ry|another/);
  expect(planned.changes).toMatchObject([
    { action: "change", kind: "settings", id: "page" },
    { action: "add", kind: "service", id: "news" },
    { action: "change", kind: "service", id: "shop", fields: [{ path: "name", from: "Shop API", to: "Shop" }] },
    { action: "add", kind: "probe", id: "news-ping" },
    { action: "remove", kind: "slo", id: "shop-slo" },
    { action: "change", kind: "endpoint", id: "oncall", fields: [{ path: "url", from: "(secret)", to: "(secret)" }] },
  ]);
  expect((await owners()).slos).toHaveProperty("shop-slo");
});

test("plan, apply and export yaml do it from a terminal, and tell who did it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nines-plan-"));
  const file = join(folder, "nines.yaml");
  await writeFile(file, stringify(FILE));
  const env = { ...ENV, DATABASE_URL: db.url, NINES_SECRET_KEY: KEY.toString("base64"), NINES_DATA_DIR: folder };
  const run = (...words: string[]) => runCli(words, env);
  expect(await run("plan", "--detailed-exitcode", file)).toMatchObject({
    code: 1,
    out: expect.stringContaining("+ probe shop-home\n") as string,
  });
  expect((await run("apply", "--author", "ada", file)).out).toContain("Version 1 is in force now.");
  expect(JSON.parse((await run("plan", "--json", file)).out)).toMatchObject({ ok: true, version: "1", changes: [] });
  const [version] = await db.database.read((sql) =>
    readConfigVersions(sql, { beyond: null, isUpward: false, limit: 1 }),
  );
  expect(version?.actor).toBe("cli:ada");
  const { out, err } = await run("export", "yaml");
  expect(out).toContain("secret: env:ONCALL_SECRET");
  expect(err).toContain("3 variables");
  await writeFile(file, "version: 1\nlocations: []\nservices: []\n");
  expect(await run("apply", file)).toMatchObject({ code: 1, out: "" });
  await rm(folder, { recursive: true });
});
