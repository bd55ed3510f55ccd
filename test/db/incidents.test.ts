import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { command } from "#lib/cli/commands/incident.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { updateIncidentIn } from "#lib/commands/incidents/update-incident.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { IncidentResource } from "#lib/contracts/events.ts";
import { epochMs } from "#lib/core/units.ts";
import { runCli } from "#test/support/run-cli.ts";
import { sampleConfig, sampleEndpoint, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

let db: TestDatabase;
beforeEach(async () => {
  db = await testDatabase();
  const config = sampleConfig({
    services: [
      sampleService(),
      sampleService({ id: "pay", name: "Payments", probes: [sampleProbe({ id: "pay-home" })], slos: [] }),
    ],
    notifications: [sampleEndpoint({ events: ["incident.opened", "incident.updated", "incident.resolved"] })],
  });
  await db.database.transaction((tx) =>
    applyConfig(tx, { config, now: epochMs(Date.now()), secretBox: createSecretBox(randomBytes(32)) }),
  );
});
afterEach(() => db.drop());

/** The command as a person types it, against this database. */
const incident = (...args: string[]) => runCli(["incident", ...args], { DATABASE_URL: db.url });
const opened = async (...args: string[]): Promise<IncidentResource> => {
  const { out, err, code } = await incident("open", "--json", "--message", "We look into it.", ...args);
  expect(err).toBe("");
  expect(code).toBe(0);
  return IncidentResource.parse(JSON.parse(out));
};

test("an incident is opened, updated and resolved, each with its row, audit and event in one transaction", async () => {
  const { id } = await opened("--service", "shop", "--impact", "major");
  const updated = await incident("update", id, "--status", "identified", "--message", "Found it.", "--json");
  expect(IncidentResource.parse(JSON.parse(updated.out))).toMatchObject({ status: "identified", impact: "major" });
  await incident("update", id, "--status", "monitoring", "--impact", "minor", "--message", "Fixed, watching.");
  const resolved = await incident("resolve", id, "--message", "All is well.", "--json");
  const resource = IncidentResource.parse(JSON.parse(resolved.out));
  expect(resource).toMatchObject({ id, status: "resolved", impact: "minor", name: "Shop API: partial outage" });
  expect(resource.updates.map((update) => update.status)).toEqual([
    "resolved",
    "monitoring",
    "identified",
    "investigating",
  ]);
  expect(resource.monitoringAt).not.toBeNull();
  const states = resource.updates.map(({ affected }) => `${affected[0]?.oldState} > ${affected[0]?.newState}`);
  expect(states).toEqual([
    "degraded_performance > unknown",
    "partial_outage > degraded_performance",
    "partial_outage > partial_outage",
    "unknown > partial_outage",
  ]);
  const events = await db.database.read(
    (sql) => sql<{ type: string; data: string }[]>`select type, data::text as data from events order by position`,
  );
  expect(events.map((event) => event.type)).toEqual([
    "incident.opened",
    "incident.updated",
    "incident.updated",
    "incident.resolved",
  ]);
  expect(JSON.parse(events[3]?.data ?? "")).toEqual(resource);
  const audit = await db.database.read(
    (sql) => sql`select action, actor, subject from audit_log where subject = ${id} order by position`,
  );
  expect(audit.map((row) => row["action"])).toEqual(events.map((event) => event.type));
  expect(audit[0]?.["actor"]).toBe("cli");
  const [waiting] = await db.database.read(
    (sql) => sql`select count(*)::int as count, max(sequence)::int as last from deliveries`,
  );
  expect(waiting).toEqual({ count: 4, last: 4 });
});

test("an incident may concern several services and carry a name of its own", async () => {
  const resource = await opened(
    "--service",
    "pay",
    "--service",
    "shop",
    "--impact",
    "critical",
    "--name",
    "Nothing works",
  );
  expect(resource).toMatchObject({ name: "Nothing works", serviceIds: ["shop", "pay"] });
  const { out } = await incident("list");
  expect(out).toContain(resource.id);
  expect(out).toContain("Nothing works");
});

test("an empty list says so, and is an empty array for machines", async () => {
  expect(await incident("list")).toMatchObject({ out: "There are no incidents.\n", code: 0 });
  expect((await incident("list", "--json")).out).toBe("[]\n");
});

const WRONG_USAGE = [
  { name: "no subcommand", args: [], says: "open, update, resolve, list" },
  { name: "a misspelt subcommand", args: ["opne"], says: 'did you mean "open"?' },
  { name: "no service", args: ["open", "--impact", "major", "--message", "x"], says: "--service is required" },
  { name: "no impact", args: ["open", "--service", "shop", "--message", "x"], says: "--impact is required" },
  {
    name: "a misspelt impact",
    args: ["open", "--service", "shop", "--impact", "majr", "--message", "x"],
    says: 'did you mean "major"?',
  },
  {
    name: "no message",
    args: ["open", "--service", "shop", "--impact", "major"],
    says: '--message "TEXT" is required',
  },
  { name: "an unknown option", args: ["open", "--servce", "shop"], says: "--servce" },
  {
    name: "an option of another action",
    args: ["resolve", "inc_1", "--impact", "major", "--message", "x"],
    says: "--impact is not an option of incident resolve",
  },
  {
    name: "an unquoted message",
    args: ["open", "--service", "shop", "--impact", "major", "--message", "it", "broke"],
    says: "quotes",
  },
  { name: "no id", args: ["update", "--message", "x"], says: "needs one id" },
  {
    name: "resolving by update",
    args: ["update", "inc_1", "--status", "resolved", "--message", "x"],
    says: "incident resolve inc_1",
  },
  {
    name: "a wrong status",
    args: ["update", "inc_1", "--status", "identifed", "--message", "x"],
    says: 'did you mean "identified"?',
  },
];
test.each(WRONG_USAGE)("wrong usage is explained and exits with 2: $name", async ({ args, says }) => {
  const { code, err, out } = await incident(...args);
  expect(err).toContain(says);
  expect(err).toContain(command.usage);
  expect(out).toBe("");
  expect(code).toBe(2);
});

test("an unknown service is named with the nearest one, and nothing is written", async () => {
  const { code, err } = await incident("open", "--service", "shpo", "--impact", "major", "--message", "x");
  expect(code).toBe(1);
  expect(err).toContain('NOT_FOUND: no service has the id "shpo" (did you mean "shop"?)');
  const [count] = await db.database.read(
    (sql) => sql`select (select count(*) from incidents)::int + (select count(*) from events)::int as count`,
  );
  expect(count).toEqual({ count: 0 });
});

test("an unknown incident is answered with the open ones; a resolved one is not touched again", async () => {
  const { id } = await opened("--service", "shop", "--impact", "none");
  expect((await incident("update", "inc_nope", "--message", "x")).err).toContain(
    `there is no incident "inc_nope"; open: ${id}`,
  );
  expect((await incident("resolve", id, "--message", "Done.")).code).toBe(0);
  const again = await incident("resolve", id, "--message", "Done.");
  expect(again.code).toBe(1);
  expect(again.err).toContain("CONFLICT");
});

test("an empty message is refused", async () => {
  const { code, err } = await incident("open", "--service", "shop", "--impact", "major", "--message", "  ");
  expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("the message is empty") });
});

test("two people who update at once both get through, one after the other", async () => {
  const { id } = await opened("--service", "shop", "--impact", "major");
  const author = { actor: "test", now: epochMs(Date.now()), randomBytes };
  const write = (message: string) =>
    db.database.transaction((tx) =>
      updateIncidentIn(tx, { id, status: "identified", impact: null, message, ...author }),
    );
  await Promise.all([write("one"), write("two")]);
  const { out } = await incident("list", "--json");
  const [seen] = (JSON.parse(out) as unknown[]).map((one) => IncidentResource.parse(one));
  expect(seen?.updates.map((update) => update.body).sort()).toEqual(["We look into it.", "one", "two"].sort());
});
