import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSession, revokeSession } from "#lib/commands/sessions.ts";
import { consumeSignInLink, createSignInLink } from "#lib/commands/sign-in.ts";
import { addMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const T0 = epochMs(Date.UTC(2026, 10, 21, 12));
const INVALID =
  /^SIGN_IN_LINK_INVALID: this sign-in link cannot be used; ask for a new one with: nines user sign-in-link$/;
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const newLink = (now = T0) => createSignInLink(db.database, { now, actor: "cli", randomBytes });
const consume = (token: string, now = T0) => consumeSignInLink(db.database, { token, now, randomBytes });
const signIn = async (now = T0) => (await consume((await newLink(now)).token, now)).token;
const find = (token: string, now: number) => findSession(db.database, { token, now: epochMs(now) });
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => String((error as Error).message),
  );

test("a link signs in once, and its session is found afterwards", async () => {
  const link = await newLink();
  expect(link.expiresAt).toBe(addMs(T0, 15 * MINUTE_MS));
  expect(link.token).toMatch(/^[\w-]{43}$/);
  const session = await consume(link.token);
  expect(await find(session.token, T0 + 1)).not.toBeNull();
  expect(await errorOf(consume(link.token))).toMatch(INVALID);
});

test("of twenty uses of one link at once, one signs in", async () => {
  const { token } = await newLink();
  const answers = await Promise.all(Array.from({ length: 20 }, () => errorOf(consume(token))));
  expect(answers.filter((answer) => answer === "no error")).toHaveLength(1);
});

test("a used, an old, an unknown and a malformed link get the same words", async () => {
  const used = await newLink();
  await consume(used.token);
  const old = await newLink();
  const late = addMs(T0, 15 * MINUTE_MS);
  const unknown = randomBytes(32).toString("base64url");
  const errors = await Promise.all([
    errorOf(consume(used.token)),
    errorOf(consume(old.token, late)),
    errorOf(consume(unknown)),
    errorOf(consume("' or 1=1 --")),
  ]);
  expect(new Set(errors).size).toBe(1);
  expect(errors[0]).toMatch(INVALID);
  expect(await errorOf(consume(old.token, addMs(late, -1)))).toBe("no error");
});

test("the database holds no token, only hashes, and the audit log names who signed in by what", async () => {
  const link = await newLink();
  const session = await consume(link.token);
  await revokeSession(db.database, { token: session.token, now: T0, actor: "session" });
  const rows = await db.database.read(
    (sql) => sql<{ text: string }[]>`
      select row_to_json(t)::text as text from sign_in_links t union all select row_to_json(t)::text from sessions t
      union all select row_to_json(t)::text from audit_log t`,
  );
  const text = rows.map((row) => row.text).join("\n");
  expect(text).not.toContain(link.token);
  expect(text).not.toContain(session.token);
  const actions = await db.database.read(
    (sql) => sql<{ action: string }[]>`select action from audit_log order by position desc limit 4`,
  );
  expect(actions.map((row) => row.action)).toEqual([
    "session.revoked",
    "session.created",
    "sign_in_link.used",
    "sign_in_link.created",
  ]);
});

test("a session ends after half an hour without use", async () => {
  const token = await signIn();
  expect(await find(token, T0 + 30 * MINUTE_MS - 1)).not.toBeNull();
  const other = await signIn();
  expect(await find(other, T0 + 30 * MINUTE_MS)).toBeNull();
});

test("a session that is used all the time ends after 12 hours", async () => {
  const token = await signIn();
  for (let at = T0 + 25 * MINUTE_MS; at < T0 + 12 * HOUR_MS; at += 25 * MINUTE_MS) {
    const session = await find(token, at);
    expect(session?.expiresAt).toBe(Math.min(T0 + 12 * HOUR_MS, at + 30 * MINUTE_MS));
  }
  expect(await find(token, T0 + 12 * HOUR_MS)).toBeNull();
});

test("a revoked session is gone at once and for good, whoever asks again", async () => {
  const token = await signIn();
  const revoke = () => revokeSession(db.database, { token, now: addMs(T0, 1), actor: "session" });
  await revoke();
  await revoke();
  expect(await find(token, T0 + 2)).toBeNull();
  const count = await db.database.read(
    (sql) => sql`select 1 from audit_log where action = 'session.revoked' and at = ${new Date(T0 + 1)}`,
  );
  expect(count).toHaveLength(1);
});

test("a token that nobody made finds nothing", async () => {
  expect(await find(randomBytes(32).toString("base64url"), T0)).toBeNull();
  expect(await find("", T0)).toBeNull();
  expect(await find("x".repeat(10_000), T0)).toBeNull();
});
