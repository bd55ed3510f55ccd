import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { resealAll } from "#lib/commands/rotate-secret-key.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadSecretKeys, openSecretBox } from "#lib/commands/secret-key.ts";
import { openEndpoint } from "#lib/engine/channels/open-endpoint.ts";
import { createDispatcher } from "#lib/engine/deliver.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { runCli } from "#test/support/run-cli.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint } from "./deliver-world.ts";

let world: DeliverWorld;
let receiver: Receiver;
let dataDir = "";

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nines-rotation-"));
  await mkdir(join(dataDir, "postgres"));
  receiver = await startReceiver(answer(200));
  world = await deliverWorld([]);
});
afterEach(async () => {
  await world.dispatcher.settled();
  await world.drop();
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true });
});

const run = (...words: string[]) => runCli(words, { DATABASE_URL: world.url, NINES_DATA_DIR: dataDir });

/** What a process of the service holds that started with the keys of the file. */
const startService = async () => {
  const { keys, file } = await loadSecretKeys({ value: null, dataDir });
  const secretBox = openSecretBox({ secretKey: keys[0]?.toString("base64") ?? "", secretKeyFile: file });
  const dispatcher = createDispatcher(
    world.deps({ openEndpoint: (delivery) => openEndpoint(secretBox, delivery, world.clock.now()) }),
  );
  return { secretBox, dispatcher };
};
const apply = (secretBox: ReturnType<typeof createSecretBox>) =>
  world.database.transaction((tx) =>
    applyConfig(tx, {
      config: sampleConfig({
        egress: { allow: ["127.0.0.1"] },
        notifications: [{ ...endpoint("oncall", receiver.url), events: ["incident.opened"] }],
      }),
      now: systemClock.now(),
      secretBox,
    }),
  );
const keyIds = async (): Promise<string[]> => {
  const rows = await world.database.read(
    (db) => db<{ id: string }[]>`
      select distinct split_part(c, '.', 2) as id from (
        select url_ciphertext as c from endpoints union all select secret_ciphertext from endpoints
        union all select jsonb_array_elements(old_secrets) ->> 'ciphertext' from endpoints
        union all select pending_url_ciphertext from endpoints union all select headers_ciphertext from endpoints) as all_of
       where c <> ''`,
  );
  return rows.map(({ id }) => id);
};

test("the key is replaced while events are delivered: nothing fails, and the old key opens nothing afterwards", async () => {
  const { secretBox, dispatcher } = await startService();
  await apply(secretBox);
  expect((await run("endpoint", "add", "--id", "mine", "--url", receiver.url)).code).toBe(0);
  expect((await run("endpoint", "rotate", "mine")).out).toMatch(/^whsec_/);
  const oldKey = Buffer.from((await readFile(join(dataDir, "secret.key"), "utf8")).trim(), "base64");
  const before = await keyIds();
  expect(before).toHaveLength(1);

  let count = 0;
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      await world.record(`event ${(count += 1)}`);
      await world.deliverAll(dispatcher);
    }
  })();
  const rotated = await run("secret", "rotate", "--json");
  await vi.waitFor(() => expect(count).toBeGreaterThan(5), 10_000);
  isOver = true;
  await load;
  expect(rotated.code, rotated.err).toBe(0);
  expect(JSON.parse(rotated.out)).toMatchObject({ resealed: 5, lost: 0, keys: 2 });

  const after = await keyIds();
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
  const states = (await world.deliveries()).map(({ state, attempts }) => `${state} ${attempts}`);
  expect(new Set(states)).toEqual(new Set(["delivered 1"]));
  // A process that started before seals with the new key from now on, and changes nothing that is as it was.
  expect((await apply(secretBox)).changed).toBe(false);
  expect(secretBox.isCurrent(secretBox.seal("x", "c"))).toBe(true);
  expect(secretBox.seal("x", "c").split(".")[1]).toBe(after[0]);

  expect((await run("secret", "rotate", "--forget-old")).code).toBe(0);
  expect((await readFile(join(dataDir, "secret.key"), "utf8")).trim().split("\n")).toHaveLength(1);
  const [row] = await world.database.read((db) => db`select url_ciphertext as c from endpoints where id = 'mine'`);
  const old = createSecretBox(oldKey);
  expect(() => old.open(String(row?.c), "endpoints:mine:url")).toThrow(/another NINES_SECRET_KEY/);
  const now = await startService();
  expect(now.secretBox.open(String(row?.c), "endpoints:mine:url")).toBe(receiver.url);
});

test("a key that does not fit seals nothing", async () => {
  const { secretBox } = await startService();
  await apply(secretBox);
  const file = join(dataDir, "secret.key");
  await rm(file);
  expect(await run("secret", "rotate")).toMatchObject({ code: 1, err: expect.stringMatching(/there is no key/) });
  await loadSecretKeys({ value: null, dataDir });
  const before = await readFile(file, "utf8");
  expect(await run("secret", "rotate")).toMatchObject({ code: 1, err: expect.stringMatching(/not the one/) });
  expect(await run("endpoint", "add", "--url", receiver.url)).toMatchObject({ code: 1 });
  expect(await readFile(file, "utf8")).toBe(before);
});

test("what none of the keys opens is counted and left as it is", async () => {
  const lost = createSecretBox(randomBytes(32));
  const key = randomBytes(32);
  await apply(lost);
  expect(await resealAll(world.database, [key])).toEqual({ resealed: 0, lost: 2 });
});

test("the command line makes, tests, stops, replays and removes an endpoint", async () => {
  const { secretBox, dispatcher } = await startService();
  await apply(secretBox);
  const made = await run("endpoint", "add", "--id", "mine", "--url", receiver.url, "--event", "alert.firing", "--json");
  expect(JSON.parse(made.out)).toMatchObject({
    id: "mine",
    events: ["alert.firing"],
    secret: expect.stringMatching(/^whsec_/),
  });
  expect((await run("endpoint", "add", "--id", "mine", "--url", receiver.url)).err).toMatch(/^CONFLICT/);
  expect((await run("endpoint", "add", "--url", "https://10.1.2.3/x")).err).toMatch(/address policy/);
  expect((await run("endpoint", "list")).out).toMatch(
    /mine {2}webhook {2}active {2}api {2}http:\/\/127\.0\.0\.1:\d+\/…/,
  );
  expect((await run("endpoint", "test", "mine")).out).toMatch(/^dlv_/);
  world.clock.jump(systemClock.now() + 60_000 - world.clock.now());
  await world.deliverAll(dispatcher);
  expect(receiver.received).toHaveLength(1);
  expect((await run("endpoint", "disable", "mine", "--reason", "moving")).out).toContain("disabled by hand: moving");
  expect((await run("endpoint", "enable", "mine")).out).toContain("active");
  const replayed = await run("endpoint", "replay", "mine", "--from", "1h", "--state", "delivered");
  expect(replayed.out).toBe("1 events are sent again.\n");
  await world.deliverAll(dispatcher);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(receiver.received).toHaveLength(2);
  expect((await run("endpoint", "remove", "oncall")).err).toMatch(/configuration file/);
  expect((await run("endpoint", "remove", "mine")).code).toBe(0);
  expect((await run("endpoint", "remove", "mine")).err).toMatch(/^NOT_FOUND/);
  expect(await run("endpoint", "tests")).toMatchObject({ code: 2, err: expect.stringContaining("test") });
});
