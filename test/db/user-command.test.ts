import { randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "#lib/cli/main.ts";
import { consumeSignInLink } from "#lib/commands/sign-in.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const run = async (...args: string[]) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCommand("user", {
    args,
    env: { DATABASE_URL: db.url, PORT: "4321" },
    stdin: Readable.from([]),
    stdout,
    stderr,
    signal: new AbortController().signal,
  });
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
};
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
