import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readUser, readUsers } from "#db/queries/users.ts";
import { changeOwnPassword, listOwnSessions, loadOwnAccount } from "#lib/commands/identity/own-account.ts";
import { createPasswordHasher } from "#lib/commands/identity/passwords.ts";
import { beginFactor, confirmFactor } from "#lib/commands/identity/second-factor.ts";
import { roleOfGroups, signInWithIdentity } from "#lib/commands/identity/sign-in-oidc.ts";
import { signInWithPassword } from "#lib/commands/identity/sign-in-password.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { findSession } from "#lib/commands/sessions.ts";
import { consumeSignInLink, createSignInLink, setUp } from "#lib/commands/sign-in.ts";
import type { UserChange } from "#lib/commands/users/change-user.ts";
import { changeUser, createUser, removeUser } from "#lib/commands/users/change-user.ts";
import type { OidcDefinition } from "#lib/core/identity/definition.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import { addMs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const T0 = epochMs(Date.UTC(2026, 10, 22, 6));
const GOOD = "correct horse battery";
const BETTER = "staple horse correct";
const hasher = createPasswordHasher({ memoryKib: 64, passes: 1, lanes: 1 });
const secretBox = createSecretBox(new Uint8Array(32).fill(7));
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const newToken = async (): Promise<string> =>
  (await createSignInLink(db.database, { now: T0, actor: "cli", randomBytes })).token;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "ok",
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
const add = (login: string, role: Role, password?: string) =>
  db.database.transaction((tx) =>
    createUser(tx, { login, name: login, role, password, held: null, actor: "cli", now: T0, randomBytes, hasher }),
  );
const change = (id: string, wanted: UserChange) =>
  db.database.transaction((tx) => changeUser(tx, { id, change: wanted, held: null, actor: "cli", now: T0, hasher }));
const remove = (id: string) =>
  db.database.transaction((tx) => removeUser(tx, { id, held: null, actor: "cli", now: T0 }));
type Typed = { login: string; password?: string; code?: string; address?: string; now?: number };
const signIn = ({ login, password = GOOD, code = "", address = "192.0.2.1", now = T0 }: Typed) =>
  signInWithPassword(db.database, {
    ...{ login, password, code, address, userAgent: "test", now: epochMs(now), randomBytes, hasher, secretBox },
  });
const isLive = async (token: string, now = T0) => (await findSession(db.database, { token, now })) !== null;

test("of ten first runs at once exactly one makes the administrator, and the set-up is over for good", async () => {
  const tokens = await Promise.all(Array.from({ length: 10 }, newToken));
  const passwordHash = await hasher.hash(GOOD);
  const tries = tokens.map((token, index) =>
    codeOf(
      setUp(db.database, {
        token,
        now: T0,
        randomBytes,
        who: { login: `first-${index}`, name: "First", passwordHash },
      }),
    ),
  );
  const codes = await Promise.all(tries);
  expect(codes.toSorted()).toEqual([...Array.from({ length: 9 }, () => "NOT_FOUND"), "ok"].toSorted());
  const users = await db.database.read(readUsers);
  expect(users.map(({ role }) => role)).toEqual(["admin"]);
  // A link that lost is not used up: it signs in as the administrator that there is.
  const lost = tokens[codes.indexOf("NOT_FOUND")] as string;
  const session = await consumeSignInLink(db.database, { token: lost, now: T0, randomBytes });
  expect(session.userId).toBe(users[0]?.id);
});

test("the last administrator can be neither demoted, nor disabled, nor removed, also by two at once", async () => {
  const [first] = await db.database.read(readUsers);
  const id = first?.id as string;
  expect(await codeOf(change(id, { role: "viewer" }))).toBe("CONFLICT");
  expect(await codeOf(change(id, { state: "disabled" }))).toBe("CONFLICT");
  expect(await codeOf(remove(id))).toBe("CONFLICT");
  const second = await add("second", "admin");
  const codes = await Promise.all([codeOf(remove(id)), codeOf(change(second.id, { role: "viewer" }))]);
  expect(codes.toSorted()).toEqual(["CONFLICT", "ok"]);
});

test("sessions end when password, role or state change, and when the user is removed", async () => {
  for (const wanted of [{ password: BETTER }, { role: "viewer" }, { state: "disabled" }] as const) {
    const user = await add(`u-${Object.keys(wanted)[0]}`, "editor", GOOD);
    const { token } = await signIn({ login: user.login });
    const link = await createSignInLink(db.database, { now: T0, actor: "cli", randomBytes, userId: user.id });
    expect(await isLive(token)).toBe(true);
    await change(user.id, { name: "Another name" });
    expect(await isLive(token)).toBe(true);
    await change(user.id, wanted);
    expect(await isLive(token), JSON.stringify(wanted)).toBe(false);
    const used = codeOf(consumeSignInLink(db.database, { token: link.token, now: T0, randomBytes }));
    expect(await used).toBe("SIGN_IN_LINK_INVALID");
  }
  const gone = await add("gone", "viewer", GOOD);
  const { token } = await signIn({ login: "gone" });
  await remove(gone.id);
  expect(await isLive(token)).toBe(false);
});

test("one's own new password ends all sessions but the one that asks, and takes the present one", async () => {
  const user = await add("own", "viewer", GOOD);
  const [mine, other] = [await signIn({ login: "own" }), await signIn({ login: "own" })];
  const args = { userId: user.id, sessionToken: mine.token, next: BETTER, now: T0, hasher };
  expect(await codeOf(changeOwnPassword(db.database, { ...args, present: "wrong" }))).toBe("FORBIDDEN");
  expect(await codeOf(changeOwnPassword(db.database, { ...args, present: GOOD, next: "password1234" }))).toBe(
    "INVALID_REQUEST",
  );
  expect(await isLive(other.token)).toBe(true);
  await changeOwnPassword(db.database, { ...args, present: GOOD });
  expect([await isLive(mine.token), await isLive(other.token)]).toEqual([true, false]);
  expect(await listOwnSessions(db.database, { userId: user.id, now: T0 })).toHaveLength(1);
  expect(await codeOf(signIn({ login: "own" }))).toBe("UNAUTHENTICATED");
  expect(await codeOf(signIn({ login: "own", password: BETTER }))).toBe("ok");
});

test("unknown login, wrong password and missing code get the same words", async () => {
  await add("known", "viewer", GOOD);
  const tries = [{ login: "nobody" }, { login: "known", password: "x" }, { login: "' or 1=1" }];
  const errors = await Promise.all(tries.map((one) => signIn({ ...one, address: "192.0.2.9" }).catch(String)));
  expect(new Set(errors)).toEqual(new Set(["AppError: UNAUTHENTICATED: the login, the password or the code is wrong"]));
});

test("guessing locks the guesser out by network, many at once too, and not the owner", async () => {
  await add("victim", "viewer", GOOD);
  const guess = (address: string, password = "wrong") => codeOf(signIn({ login: "victim", password, address }));
  const codes = await Promise.all(Array.from({ length: 12 }, () => guess("2001:db8:1:1::5")));
  expect(codes.filter((code) => code === "UNAUTHENTICATED")).toHaveLength(5);
  expect(codes.filter((code) => code === "RATE_LIMITED")).toHaveLength(7);
  // Another address of the same /64 is the same guesser, and even the right password opens nothing there.
  expect(await guess("2001:db8:1:1:ffff::9", GOOD)).toBe("RATE_LIMITED");
  expect(await guess("2001:db8:1:2::5", GOOD)).toBe("ok");
  const later = signIn({ login: "victim", address: "2001:db8:1:1::5", now: T0 + 15 * MINUTE_MS });
  expect(await codeOf(later)).toBe("ok");
});

test("a code signs in once, a recovery code too, and the secret is sealed", async () => {
  const user = await add("factor", "viewer", GOOD);
  const world = { now: T0, randomBytes, secretBox };
  await db.database.transaction((tx) => beginFactor(tx, user.id, world));
  const { pending } = await loadOwnAccount(db.database, { userId: user.id, secretBox });
  const totp = new TOTP({ secret: Secret.fromBase32(pending?.secret ?? ""), digits: 6, period: 30 });
  expect(pending?.uri).toMatch(/^otpauth:\/\/totp\/Nines:factor\?/);
  // Until a code was shown, it does not count.
  expect(await codeOf(signIn({ login: "factor" }))).toBe("ok");
  const at = (now: number) => totp.generate({ timestamp: now });
  const codes = await db.database.transaction((tx) => confirmFactor(tx, user.id, at(T0), world));
  expect(codes).toHaveLength(10);
  const now = addMs(T0, MINUTE_MS);
  const attempt = (code: string) => codeOf(signIn({ login: "factor", code, now }));
  expect(await attempt("")).toBe("UNAUTHENTICATED");
  expect(await attempt(at(now))).toBe("ok");
  expect(await attempt(at(now)), "replayed").toBe("UNAUTHENTICATED");
  const [first = ""] = codes;
  expect(await attempt(first.toUpperCase())).toBe("ok");
  expect(await attempt(first), "used twice").toBe("UNAUTHENTICATED");
  const row = await db.database.read((sql) => readUser(sql, user.id));
  expect(row?.totpCiphertext).toMatch(/^v1\./);
  expect(JSON.stringify(row)).not.toContain(pending?.secret);
});

const OIDC: OidcDefinition = {
  ...{ issuer: "https://idp.example.com", clientId: "nines", clientSecret: null, name: "x", scopes: [] },
  groupsClaim: "groups",
  roles: [
    { group: "sre", role: "responder" },
    { group: "platform", role: "admin" },
  ],
  defaultRole: null,
};
const visit = (groups: string[], email: string | null = "sam@example.com") =>
  signInWithIdentity(db.database, {
    ...{
      identity: { subject: "sub-1", email, name: "Sam", groups },
      oidc: OIDC,
      userAgent: null,
      now: T0,
      randomBytes,
    },
  });

test("the role follows the groups at each visit, and whoever is in none is not let in", async () => {
  expect(roleOfGroups(["sre", "platform"], OIDC)).toBe("admin");
  expect(roleOfGroups([], { ...OIDC, defaultRole: "viewer" })).toBe("viewer");
  // An address proves nothing about a local account that has it.
  const local = await add("sam@example.com", "viewer", GOOD);
  const first = await visit(["sre"]);
  expect(first.userId).not.toBe(local.id);
  const second = await visit(["platform"]);
  expect(second.userId).toBe(first.userId);
  expect((await findSession(db.database, { token: second.token, now: T0 }))?.role).toBe("admin");
  expect(await isLive(first.token), "the session of the old role").toBe(false);
  expect(await codeOf(visit(["other"]))).toBe("FORBIDDEN");
});
