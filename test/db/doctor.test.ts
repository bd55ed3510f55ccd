import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { temporaryFolder } from "#test/support/instance.ts";
import { runCli } from "#test/support/run-cli.ts";
import { sampleConfig, sampleEndpoint } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { emptyDatabase, testDatabase } from "#test/support/test-database.ts";

type Finding = { check: string; state: string; message: string; cure?: string };

const GOOD = `
version: 1
page: { name: Acme, url: https://status.acme.example }
locations: [{ id: here, name: Here }]
dead_man: { url: https://watcher.example/ping, interval: 1m }
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: https://shop.example/, interval: 30s, locations: [here] }]
    slos: [{ id: shop-availability, sli: availability, probes: [home], objective: 99, window: 28d }]
notifications:
  - { id: oncall, type: webhook, url: https://hooks.example/a, secret: whsec_${Buffer.alloc(32, 7).toString("base64")}, events: [alert.firing, alert.resolved], fallback: second }
  - { id: second, type: webhook, url: https://hooks.example/b, secret: whsec_${Buffer.alloc(32, 8).toString("base64")}, events: [alert.firing] }
`;

let db: TestDatabase;
let empty: TestDatabase;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

const KEY = Buffer.alloc(32, 1);

beforeAll(async () => {
  [db, empty, folder] = [await testDatabase(), await emptyDatabase(), await temporaryFolder("doctor")];
  await mkdir(join(folder.path, "data"));
  // What it finds in a database that was never started on: a key, endpoints, no leader, no run.
  const config = sampleConfig({ notifications: [sampleEndpoint({ id: "oncall" })] });
  const secretBox = createSecretBox(KEY);
  await db.database.transaction((tx) => applyConfig(tx, { config, now: systemClock.now(), secretBox }));
});
afterAll(async () => {
  await Promise.all([db.drop(), empty.drop(), folder.remove()]);
});

const doctor = async (args: { yaml?: string; env?: Record<string, string> } = {}): Promise<Finding[]> => {
  const file = join(folder.path, "nines.yaml");
  await writeFile(file, args.yaml ?? GOOD);
  const { out } = await runCli(["doctor", "--json", "--config", file], {
    DATABASE_URL: db.url,
    NINES_DATA_DIR: join(folder.path, "data"),
    NINES_SECRET_KEY: KEY.toString("base64"),
    PORT: "0",
    ...args.env,
  });
  return (JSON.parse(out) as { findings: Finding[] }).findings;
};

/** Ten mistakes of a set-up, each with what has to be found and a word of its cure. */
test.each<{ mistake: string; check: string; cure: RegExp; args: () => Parameters<typeof doctor>[0] }>([
  {
    mistake: "a misspelt variable",
    check: "environment",
    cure: /NINES_DATA_DIR/,
    args: () => ({ env: { NINES_DATADIR: "/srv" } }),
  },
  {
    mistake: "a number of proxies that is none",
    check: "settings",
    cure: /README/,
    args: () => ({ env: { NINES_TRUSTED_HOPS: "two" } }),
  },
  {
    mistake: "a collector of traces without a scheme",
    check: "settings",
    cure: /http:/,
    args: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" } }),
  },
  {
    mistake: "a configuration with a fault",
    check: "configuration",
    cure: /./,
    args: () => ({ yaml: GOOD.replace("interval: 30s", "interval: 30") }),
  },
  {
    mistake: "a page without an address",
    check: "page_url",
    cure: /page\.url/,
    args: () => ({ yaml: GOOD.replace(/, url: https:\/\/status[^ ]+ /, " ") }),
  },
  {
    mistake: "alerts that nobody hears",
    check: "alerts_unheard",
    cure: /alert\.firing/,
    args: () => ({
      yaml: GOOD.replaceAll("events: [alert.firing", "events: [incident.opened").replaceAll(
        "alert.resolved",
        "incident.resolved",
      ),
    }),
  },
  {
    mistake: "no second channel",
    check: "no_fallback",
    cure: /fallback/,
    args: () => ({ yaml: GOOD.replace(", fallback: second", "") }),
  },
  {
    mistake: "nobody watches the watcher",
    check: "no_dead_man",
    cure: /dead_man/,
    args: () => ({ yaml: GOOD.replace(/dead_man:.*\n/, "") }),
  },
  {
    mistake: "an egress policy that is open to all",
    check: "egress_open",
    cure: /networks/,
    args: () => ({ yaml: GOOD.replace("locations:", "egress: { allow: [0.0.0.0/0] }\nlocations:") }),
  },
  {
    mistake: "a key that does not fit the database",
    check: "secret_key",
    cure: /key/,
    args: () => ({ env: { NINES_SECRET_KEY: Buffer.alloc(32, 9).toString("base64") } }),
  },
  {
    mistake: "a database that was never migrated",
    check: "schema",
    cure: /Start/,
    args: () => ({ env: { DATABASE_URL: empty.url } }),
  },
  {
    mistake: "a database that does not answer",
    check: "database",
    cure: /DATABASE_URL/,
    args: () => ({ env: { DATABASE_URL: "postgres://nines@127.0.0.1:9/nines" } }),
  },
  { mistake: "no engine that leads", check: "leader", cure: /engine/, args: () => ({}) },
  { mistake: "no run that arrives", check: "runs", cure: /probe/, args: () => ({}) },
])("the doctor finds $mistake and names the cure", async ({ check, cure, args }) => {
  const found = (await doctor(args())).filter((one) => one.check === check && one.state !== "ok");
  expect(found).not.toEqual([]);
  expect(found[0]?.cure).toMatch(cure);
});

test("the doctor finds a key file that others may read", async () => {
  const path = join(folder.path, "data", "secret.key");
  await writeFile(path, KEY.toString("base64"));
  await chmod(path, 0o644);
  expect((await doctor()).find(({ check }) => check === "secret_key_file")?.cure).toMatch(/chmod 600/);
  await chmod(path, 0o600);
  expect((await doctor()).filter(({ check }) => check === "secret_key_file")).toEqual([]);
});

test("a set-up without these mistakes has no problem but a service that does not run and the test server's own haste", async () => {
  const wrong = (await doctor()).filter(({ state }) => state !== "ok");
  expect(wrong.map(({ check }) => check)).toEqual(["durability", "leader", "runs"]);
});
