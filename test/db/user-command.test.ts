import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { consumeSignInLink } from "#lib/commands/sign-in.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { runCli } from "#test/support/run-cli.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const run = (...args: string[]) => runCli(["user", ...args], { DATABASE_URL: db.url, PORT: "4321" });
const signIn = (token: string) => consumeSignInLink(db.database, { token, now: systemClock.now(), randomBytes });

test("user sign-in-link prints a link that signs in once", async () => {
  const { code, out } = await run("sign-in-link");
  expect(code).toBe(0);
  const [, token = ""] =
    /^http:\/\/(?:127\.0\.0\.1|localhost):4321\/admin\/sign-in\?token=([\w-]{43})\n$/.exec(out) ?? [];
  await signIn(token);
  await expect(signIn(token)).rejects.toThrow(/SIGN_IN_LINK_INVALID/);
});

test("with --json it prints one object, and each call gives another link", async () => {
  const links = [await run("sign-in-link", "--json"), await run("sign-in-link", "--json")].map(
    ({ out }) => JSON.parse(out) as { url: string; publicUrl: string | null; expiresAt: string },
  );
  expect(links[0]?.publicUrl).toBeNull();
  expect(Date.parse(links[0]?.expiresAt ?? "")).toBeGreaterThan(Date.now() + 14 * 60_000);
  expect(links[0]?.url).not.toBe(links[1]?.url);
});

test("users are added, listed, given other roles, disabled and removed by the commands of docs/identity.md", async () => {
  const user = async (...args: string[]) => JSON.parse((await run(...args, "--json")).out) as Record<string, unknown>;
  const added = await user("add", "ana@example.com", "--role", "editor", "--name", "Ana");
  expect(added).toMatchObject({ login: "ana@example.com", role: "editor", name: "Ana", state: "active" });
  expect(await user("role", "ana@example.com", "--role", "admin")).toMatchObject({ role: "admin" });
  const { out } = await run("sign-in-link", "--user", "ana@example.com");
  await signIn(/token=([\w-]{43})/.exec(out)?.[1] ?? "");
  expect(await user("disable", "ana@example.com")).toMatchObject({ state: "disabled" });
  expect(await user("enable", "ana@example.com")).toMatchObject({ state: "active" });
  expect(await user("remove-second-factor", "ana@example.com")).toMatchObject({ hasSecondFactor: false });
  expect((await run("list")).out).toContain("ana@example.com  admin  active  Ana  no second factor");
  expect((await run("remove", "ana@example.com")).out).toBe("The user is removed.\n");
  expect(await run("role", "ana@example.com", "--role", "viewer")).toMatchObject({ code: 1 });
});

test.each([
  {
    name: "a role that there is not",
    args: ["add", "eva", "--role", "boss"],
    says: "there are: viewer, responder, editor, admin",
  },
  { name: "no login", args: ["disable"], says: "needs one login" },
  { name: "a word too many", args: ["list", "ana"], says: "not expected" },
  {
    name: "an option of another subcommand",
    args: ["disable", "ana", "--role", "admin"],
    says: "--role is not an option",
  },
])("user with $name is wrong usage", async ({ args, says }) => {
  const { code, err } = await run(...args);
  expect(code).toBe(2);
  expect(err).toContain(says);
});

test.each([
  { name: "without a subcommand", args: [] },
  { name: "with an unknown subcommand", args: ["remove"] },
  { name: "with an unknown option", args: ["sign-in-link", "--forever"] },
])("$name it explains its usage and exits with 2", async ({ args }) => {
  const { code, out, err } = await run(...args);
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(err).toContain("nines user sign-in-link");
});
