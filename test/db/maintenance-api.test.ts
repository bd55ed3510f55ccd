import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { at, configure, sloDefinition } from "./slo-world.ts";

let world: TestDatabase;
let site: TestSite;
let token = "";
const clock = createFakeClock(at(600));
const iso = (minutes: number): string => new Date(at(minutes)).toISOString();

beforeAll(async () => {
  world = await testDatabase();
  await configure(world.database, { slos: [sloDefinition({ id: "one" })] });
  const made = await world.database.transaction((tx) =>
    createKey(tx, {
      ...{ name: "Ada", scopes: ["maintenances:write"], expiresAt: null, actor: "cli" },
      ...{ now: clock.now(), randomBytes },
    }),
  );
  token = made.token;
  site = await startTestSite({ snapshot: null, database: world.database, clock });
});
afterAll(async () => {
  await site.stop();
  await world.drop();
});

const send = async (method: string, path: string, body: unknown) => {
  const answer = await fetch(`${site.url}/v1/maintenances${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
};

test("the whole life of planned work goes through the API", async () => {
  const plan = { title: "Database upgrade", serviceIds: ["shop"], startsAt: iso(720), duration: "1h" };
  const made = await send("POST", "", { ...plan, reminders: ["1h", "10m"] });
  expect(made.status).toBe(201);
  const { id } = MaintenanceResource.parse(made.body);
  const changed = await send("PATCH", `/${id}`, { title: "Upgrade", impact: "minor" });
  expect(changed).toMatchObject({ status: 200, body: { title: "Upgrade", impact: "minor", sequence: 1 } });
  const moved = await send("POST", `/${id}/reschedule`, { startsAt: iso(660) });
  expect(moved.body).toMatchObject({
    occurrences: [{ startsAt: iso(660), endsAt: iso(720), plannedFor: iso(720), state: "scheduled" }],
  });
  await clock.advance(61 * 60_000);
  const said = await send("POST", `/${id}/updates`, { message: "Halfway.", status: "verifying", occurrence: iso(720) });
  expect(said).toMatchObject({ status: 201, body: { state: "verifying", updates: [{ message: "Halfway." }] } });
  expect((await send("POST", `/${id}/reschedule`, { startsAt: iso(800) })).status).toBe(409);
  expect((await send("POST", `/${id}/cancel`, { occurrence: iso(720) })).status).toBe(409);
  const ended = await send("POST", `/${id}/updates`, { message: "Done.", status: "completed" });
  expect(ended.body).toMatchObject({ state: "completed", occurrences: [{ endsAt: iso(661) }] });
});

test.each([
  { path: "/reschedule", body: {}, status: 400 },
  { path: "/reschedule", body: { endsAt: "tomorrow" }, status: 400 },
  { path: "/updates", body: { message: "" }, status: 400 },
  { path: "/updates", body: { message: "x", status: "canceled" }, status: 400 },
  { path: "/updates", body: { message: "x" }, status: 404 },
  { path: "/cancel", body: { occurrence: iso(1) }, status: 404 },
])("what cannot be done is refused: $path $body", async ({ path, body, status }) => {
  expect((await send("POST", `/mnt_none${path}`, body)).status).toBe(status);
});
