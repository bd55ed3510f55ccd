import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findKeyPrincipal } from "#lib/commands/api-keys/find-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import type { NewApiKeyResource } from "#lib/contracts/api-keys.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { API_SECRET_BOX } from "./api-world.ts";
import { cliOf, jsonOf } from "./cli-world.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const configure = (isSandbox: boolean) =>
  db.database.transaction((tx) =>
    applyConfig(tx, {
      config: { ...sampleConfig(), ...(isSandbox ? { isSandbox: true } : {}) },
      now: systemClock.now(),
      secretBox: API_SECRET_BOX,
    }),
  );
const create = (...more: readonly string[]) =>
  cliOf(db)("key", "create", "--name", "t", "--scope", "events:read", ...more, "--json");
const made = async (...more: readonly string[]) => (await jsonOf(create(...more))) as unknown as NewApiKeyResource;
const find = (token: string) => findKeyPrincipal(db.database, { token, now: systemClock.now() });

test("a test key opens the demonstration only and is made only there, a live key opens all", async () => {
  await configure(true);
  const [live, trial] = [await made(), await made("--test")];
  expect([live.mode, trial.mode]).toEqual(["live", "test"]);
  expect(live.token).toMatch(/^nk_live_/);
  expect(trial.token).toMatch(/^nk_test_/);
  expect((await find(trial.token))?.scopes).toEqual(["events:read"]);
  const rotated = (await jsonOf(cliOf(db)("key", "rotate", trial.id, "--json"))) as unknown as NewApiKeyResource;
  expect(rotated.token).toMatch(/^nk_test_/);

  await configure(false);
  expect((await find(live.token))?.id).toBe(live.id);
  await expect(find(trial.token)).rejects.toThrow("a test key (nk_test_…) opens the demonstration only");
  await expect(find(`nk_test_${randomBytes(32).toString("base64url")}`)).rejects.toThrow("demonstration only");
  expect(await create("--test")).toMatchObject({ code: 1, out: "" });
});
