import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { fillWithServices } from "./api-world.ts";
import { cliOf, jsonOf } from "./cli-world.ts";

let db: TestDatabase;
let run: ReturnType<typeof cliOf>;

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  run = cliOf(db);
});
afterAll(() => db.drop());

const incident = async (...args: readonly string[]): Promise<IncidentResource> =>
  (await jsonOf(run("incident", ...args, "--json"))) as unknown as IncidentResource;
const open = (...more: readonly string[]) =>
  incident("open", "--service", "svc-00=major", "--message", "We **look** into it.", ...more);

test("incident goes by the commands of docs/incidents.md from its opening to its post-mortem", async () => {
  const args = ["--service", "svc-01=minor", "--name", "Checkout fails", "--started", "1h"];
  const { id, status, affected } = await open(...args);
  expect(status).toBe("investigating");
  expect(affected).toEqual([
    { serviceId: "svc-00", impact: "major" },
    { serviceId: "svc-01", impact: "minor" },
  ]);
  const watched = await incident(
    "update",
    id,
    "--status",
    "monitoring",
    "--service",
    "svc-01=none",
    "--message",
    "Ok.",
  );
  expect([watched.status, watched.affected[1]?.impact]).toEqual(["monitoring", "none"]);
  const told = await incident("update", id, "--status", "identified", "--at", "20m", "--message", "A full disk.");
  expect(told.status, "the newest by the displayed time says where it stands").toBe("monitoring");
  const planned = await incident("update", id, "--publish-at", "1h", "--message", "We watch it for another hour.");
  expect(planned.updates.filter(({ publishedAt }) => publishedAt === null)).toHaveLength(1);
  expect((await incident("resolve", id, "--message", "All is well.")).status).toBe("resolved");
  expect((await incident("reopen", id, "--message", "It is back.")).status).toBe("investigating");
  const { updates } = await incident("resolve", id, "--message", "All is well again.", "--silent");
  expect(updates.find(({ body }) => body === "All is well again.")?.notify).toBe(false);
  expect((await run("incident", "postmortem", id)).out).toContain("A full disk.");
  expect((await incident("postmortem", id, "--message", "Why it happened.")).status).toBe("postmortem");
});

test("drafts are published or discarded, and an incident goes into another one", async () => {
  const [first, second, third] = [await open("--draft"), await open("--draft"), await open()];
  expect(first.publication).toBe("draft");
  expect((await incident("publish", first.id)).publication).toBe("published");
  expect((await incident("discard", second.id)).publication).toBe("discarded");
  const target = await incident("merge", third.id, "--into", first.id);
  expect(target).toMatchObject({ id: first.id, publication: "published" });
  const all = (await jsonOf(run("incident", "list", "--json"))) as unknown as IncidentResource[];
  expect(all.find(({ id }) => id === third.id)).toMatchObject({ publication: "merged", mergedInto: first.id });
  const later = await open("--publish-at", "1h");
  expect(later.publication).toBe("scheduled");
  const { out } = await run("incident", "list");
  expect(out).toContain(`${later.id}  investigating  major`);
  expect(out).toContain("(scheduled)");
});

test.each([
  { args: ["open", "--service", "svc-00"], says: "--message" },
  { args: ["open", "--service", "svc-00", "--message", "x"], says: "--impact" },
  { args: ["open", "--service", "svc-00=huge", "--message", "x"], says: "huge" },
  { args: ["update", "inc_x", "--message", "x", "--status", "resolved"], says: "incident resolve inc_x" },
  { args: ["merge", "inc_x"], says: "--into" },
  { args: ["reopen", "inc_x"], says: "--message" },
  { args: ["publish"], says: "needs one id" },
  { args: ["discard", "inc_x", "--silent"], says: "--silent" },
])("incident $args is wrong usage and says why", async ({ args, says }) => {
  const { code, out, err } = await run("incident", ...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(says);
});

test("what is not there or not possible ends with 1", async () => {
  expect(await run("incident", "publish", "inc_nobody")).toMatchObject({ code: 1, out: "" });
  const { id } = await open();
  expect((await run("incident", "postmortem", id, "--message", "Why.")).err).toMatch(/^CONFLICT/);
});
