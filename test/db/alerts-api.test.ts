import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { AlertResource, ProblemDetail } from "#lib/contracts/api.ts";
import { ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import { SilenceResource } from "#lib/contracts/silences.ts";
import { addMs, epochMs, HOUR_MS } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { runCli } from "#test/support/run-cli.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

let db: TestDatabase;
let site: TestSite;
let token: string;

beforeAll(async () => {
  db = await testDatabase();
  const now = systemClock.now();
  const { evaluatedAt, objective, window, windows, budget, probes, locations } = ALERT_EXAMPLE;
  const stored = ({ budgetSpentRatio: _spent, ...rest }: typeof windows.long) => rest;
  const both = { long: stored(windows.long), short: stored(windows.short) };
  const reading = JSON.stringify({ evaluatedAt, objective, window, windows: both, budget, probes, locations });
  await db.database.transaction(async (tx) => {
    await applyConfig(tx, { config: sampleConfig(), now, secretBox: createSecretBox(new Uint8Array(32)) });
    await tx`
      insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading)
      values ('alt_1', 'shop-availability', 'page_1h_5m', 1, 'page', 'firing', ${new Date(epochMs(Date.UTC(2026, 10, 3)))},
              ${reading}::text::jsonb)`;
    const key = { name: "pager", scopes: ["alerts:write", "silences:write"] as const, expiresAt: null };
    token = (await createKey(tx, { ...key, actor: "cli", now, randomBytes })).token;
  });
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${site.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown), headers: answer.headers };
};
const run = (...words: string[]) => runCli(words, { DATABASE_URL: db.url });
const inAnHour = () => new Date(addMs(systemClock.now(), HOUR_MS)).toISOString();

test("a silence is made, found where its Location says, listed and ended; the key's name is its author", async () => {
  const body = { serviceIds: ["shop"], endsAt: inAnHour(), comment: " deploy " };
  const made = await call("POST", "/v1/silences", body, { "idempotency-key": "deploy-1" });
  expect(made.status).toBe(201);
  const silence = SilenceResource.parse(made.body);
  expect(silence).toMatchObject({ state: "active", author: "pager", comment: "deploy" });
  expect((await call("POST", "/v1/silences", body, { "idempotency-key": "deploy-1" })).body).toEqual(made.body);
  expect((await call("GET", made.headers.get("location") ?? "")).body).toEqual(made.body);
  expect(((await call("GET", "/v1/silences?state=active")).body as { data: unknown[] }).data).toEqual([made.body]);
  const ended = SilenceResource.parse((await call("POST", `/v1/silences/${silence.id}/expire`)).body);
  expect(ended.state).toBe("expired");
  expect((await call("POST", `/v1/silences/${silence.id}/expire`)).body).toEqual(ended);
  expect((await call("POST", "/v1/silences/sil_nobody/expire")).status).toBe(404);
});

test("a silence of nothing is refused", async () => {
  const answer = await call("POST", "/v1/silences", { endsAt: inAnHour(), comment: "all" });
  expect(answer.status).toBe(400);
  expect(ProblemDetail.parse(answer.body).detail).toMatch(/needs something to match/);
});

test("an alert is acknowledged by its key or by name, and everybody sees that it is, not by whom", async () => {
  const acked = AlertResource.parse((await call("POST", "/v1/alerts/alt_1/acknowledge", { note: "on it" })).body);
  expect(acked.acknowledgement).toMatchObject({ author: "pager", note: "on it" });
  // A phone that lost the answer and its key says it anew: told once.
  expect((await call("POST", "/v1/alerts/alt_1/acknowledge", { note: "on it" })).body).toEqual(acked);
  const told = await db.database.read((sql) => sql`select subject from events where type = 'alert.acknowledged'`);
  expect(told.length).toBe(1);
  const shown = await (await fetch(`${site.url}/v1/alerts/alt_1`)).json();
  expect(AlertResource.parse(shown).acknowledgement).toMatchObject({ author: null, note: null });
  expect((await call("POST", "/v1/alerts/alt_1/unacknowledge")).status).toBe(200);
  expect((await call("POST", "/v1/alerts/alt_1/unacknowledge")).status).toBe(409);
});

test("the same from a terminal", async () => {
  const made = await run("silence", "create", "--service", "shop", "--for", "2h", "--comment", "x", "--json");
  expect(made.code).toBe(0);
  const { id } = SilenceResource.parse(JSON.parse(made.out));
  expect((await run("silence", "list")).out).toContain(id);
  expect((await run("silence", "expire", id)).out).toContain("expired");
  const acked = await run("alert", "ack", "alt_1", "--note", "looking", "--for", "30m", "--author", "Ada");
  expect(acked.out).toContain("acknowledged by Ada");
  expect((await run("alert", "list")).out).toContain(
    "shop-availability of shop spends its error budget 75 times too fast",
  );
  expect((await run("alert", "unack", "alt_1", "--json")).code).toBe(0);
  expect(await run("silence", "create", "--service", "shop", "--comment", "x")).toMatchObject({ code: 2 });
  expect((await run("alert", "akc", "alt_1")).err).toContain('did you mean "ack"');
});

test("keys are made, listed, rotated and revoked from a terminal; the token is printed once", async () => {
  const made = await run("key", "create", "--name", "ci", "--scope", "silences:write", "--expires", "90d");
  expect(made.out).toMatch(/^nk_live_[\w-]{43}\n$/);
  const key = made.err.split(" ", 1)[0] as string;
  const rotated = JSON.parse((await run("key", "rotate", key, "--grace", "7d", "--json")).out) as { id: string };
  const listed = JSON.parse((await run("key", "list", "--json")).out) as { id: string; replacedBy: string | null }[];
  expect(listed.find(({ id }) => id === key)?.replacedBy).toBe(rotated.id);
  expect((await run("key", "revoke", rotated.id)).code).toBe(0);
  expect((await run("key", "list")).out).toMatch(new RegExp(`${rotated.id}  revoked  ci  silences:write`));
  expect((await run("key", "create", "--name", "ci", "--scope", "silence:write")).err).toContain(
    'did you mean "silences:write"',
  );
});
