import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { addExclusion } from "#lib/commands/exclusions/add-exclusion.ts";
import { approveExclusion, revokeExclusion } from "#lib/commands/exclusions/settle-exclusion.ts";
import { issueStatement } from "#lib/commands/statements/issue-statement.ts";
import { StatementResource } from "#lib/contracts/statements.ts";
import { parseStatementPeriod } from "#lib/core/statements/period.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs } from "#lib/core/units.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { at, changeSlo, configure, feedMinutes, readEvents, sloDefinition } from "./slo-world.ts";

/** Of November, which begins two days before the story: 1,000 minutes, the minutes 300 to 340 bad. */
const MINUTES = Array.from({ length: 1_000 }, (_, index) => [index >= 300 && index < 340 ? 0 : 1, 1] as const);
const AFTER = epochMs(Date.UTC(2026, 11, 2));

let world: TestDatabase;
let database: Database;
let site: TestSite;
let token: string;
const clock = createFakeClock(AFTER);

const close = (until: EpochMs) =>
  database.transaction((tx) => tx`update rollup_progress set closed_until = ${new Date(until)}`);
const issue = (label: string, args: { serviceId?: string | null; now?: EpochMs } = {}) => {
  const period = parseStatementPeriod(label);
  if (period === null) throw new Error("no period");
  const { serviceId = null, now = clock.now() } = args;
  return database.transaction((tx) =>
    issueStatement(tx, { period, serviceId, author: "cli:ada", actor: "cli", now, randomBytes }),
  );
};
const correct = async (from: number, until: number, reason = "The rig lost its uplink.") => {
  const by = { actor: "cli", now: clock.now() };
  const made = await database.transaction((tx) =>
    addExclusion(tx, {
      ...by,
      ...{ scope: { sloId: "shop-availability" }, startsAt: at(from), endsAt: at(until), reason, author: "cli:ada" },
      randomBytes,
    }),
  );
  await database.transaction((tx) => approveExclusion(tx, { ...by, id: made.id, by: "cli:bob" }));
  return made.id;
};
const countStatements = async (): Promise<number> => {
  const rows = await database.read((db) => db<{ n: number }[]>`select count(*)::int as n from statements`);
  return rows[0]?.n ?? 0;
};
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${site.url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });

beforeAll(async () => {
  world = await testDatabase();
  database = world.database;
  await configure(database, { slos: [sloDefinition({ objective: "97" })] });
  await database.transaction((tx) => tx`update services set name = '=Shop <b>'`);
  await feedMinutes(database, { sloId: "shop-availability", minutes: MINUTES, until: 1_000 });
  await close(AFTER);
  site = await startTestSite({ snapshot: null, database, clock });
  const key = await database.transaction((tx) =>
    createKey(tx, {
      ...{ name: "Ada", scopes: ["statements:write"], expiresAt: null, actor: "cli", now: clock.now(), randomBytes },
    }),
  );
  token = key.token;
});
afterAll(async () => {
  await site.stop();
  await world.drop();
});

describe("a statement", () => {
  test("of a month that is not over, or not counted to its end, is provisional and kept nowhere", async () => {
    const during = await issue("2026-11", { now: at(2_000) });
    expect(StatementResource.parse(during.statement)).toMatchObject({ state: "provisional", id: null, version: 0 });
    await close(at(1_000));
    expect((await issue("2026-11")).statement.state).toBe("provisional");
    await close(AFTER);
    expect(await countStatements()).toBe(0);
    await expect(issue("2027-01")).rejects.toThrow("has not begun");
    await expect(issue("2026-11", { serviceId: "shopp" })).rejects.toThrow('did you mean "shop"');
  });

  test("is frozen once with exact figures: again it has the same bytes, a correction restates it, revoking does so again", async () => {
    const first = await issue("2026-11");
    const { statement } = first;
    expect(StatementResource.parse(statement)).toEqual(statement);
    const line = statement.services[0]?.lines[0];
    expect(line?.figures).toEqual({ good: 960, bad: 40, total: 1_000, attainedRatio: "0.96", isMet: false });
    expect(line).toMatchObject({
      downtimeSeconds: 2_400,
      objective: "97",
      unit: "slots",
      from: "2026-11-02T00:00:00.000Z",
    });
    clock.jump(DAY_MS);
    expect((await issue("2026-11")).document).toBe(first.document);
    const exclusionId = await correct(300, 320);
    const second = await issue("2026-11");
    expect(second.statement).toMatchObject({ version: 2, replaces: statement.id, state: "frozen" });
    expect(second.statement.services[0]?.lines[0]).toMatchObject({
      figures: { good: 960, bad: 20, total: 980, attainedRatio: "0.979591836", isMet: true },
      raw: { good: 960, bad: 40, total: 1_000, isMet: false },
      downtimeSeconds: 1_200,
    });
    expect(second.statement.changes.map(({ what, change }) => `${what} ${change}`)).toEqual([
      "exclusion added",
      "figures changed",
    ]);
    expect(second.statement.changes[0]).toMatchObject({
      id: exclusionId,
      text: expect.stringContaining("uplink") as string,
    });
    await database.transaction((tx) =>
      revokeExclusion(tx, { id: exclusionId, by: "cli:bob", actor: "cli", now: clock.now() }),
    );
    const third = await issue("2026-11");
    expect(third.statement).toMatchObject({ version: 3, replaces: second.statement.id });
    expect(third.statement.inputsSha256).toBe(statement.inputsSha256);
    expect(third.statement.services).toEqual(statement.services);
    const stored = await database.read(
      (db) => db<{ inputs: string }[]>`select inputs from statements order by version`,
    );
    expect(
      createHash("sha256")
        .update(stored[0]?.inputs ?? "")
        .digest("hex"),
    ).toBe(statement.inputsSha256);
    await expect(database.transaction((tx) => tx`update statements set document = ''`)).rejects.toThrow("restated");
    await expect(database.transaction((tx) => tx`delete from statements`)).rejects.toThrow("restated");
    const told = (await readEvents(database)).filter(({ type }) => type === "statement.issued");
    expect(told).toHaveLength(3);
  });

  test("late counts make a restatement too, and two at once make one", async () => {
    const before = await issue("2026-Q4", { now: epochMs(Date.UTC(2027, 0, 2)) });
    expect(before.statement.state).toBe("provisional");
    const late = MINUTES.map((counts, index) => (index === 10 ? ([0, 1] as const) : counts));
    await feedMinutes(database, { sloId: "shop-availability", minutes: late, until: 1_000 });
    await close(AFTER);
    const made = await Promise.all([issue("2026-11"), issue("2026-11")]);
    expect(made[0].document).toBe(made[1].document);
    expect(made[0].statement).toMatchObject({ version: 4, changes: [{ what: "minutes" }, { what: "figures" }] });
  });

  test("has a line for each set of terms, with what was in force when", async () => {
    await changeSlo(database, sloDefinition({ objective: "99" }), addMs(at(0), 10 * DAY_MS));
    const { statement } = await issue("2026-11");
    expect(statement.services[0]?.lines.map(({ objective, from, until }) => [objective, from, until])).toEqual([
      ["97", "2026-11-02T00:00:00.000Z", "2026-11-12T00:00:00.000Z"],
      ["99", "2026-11-12T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    ]);
  });
});

describe("over the API", () => {
  test("POST freezes, GET gives JSON, CSV that no spreadsheet runs, and HTML that runs nothing", async () => {
    const post = (body: object) =>
      fetch(`${site.url}/v1/statements`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
    const made = await post({ month: "2026-11", serviceId: "shop" });
    expect(made.status).toBe(201);
    const bytes = await made.text();
    const location = made.headers.get("location") ?? "";
    const read = await get(location);
    expect(await read.text()).toBe(bytes);
    expect(await (await post({ month: "2026-11", serviceId: "shop" })).text()).toBe(bytes);
    const csv = await get(`${location}.csv`);
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("content-disposition")).toBe('attachment; filename="statement-2026-11-shop.csv"');
    const text = await csv.text();
    expect(text).toContain(`"slo","'=Shop <b>","shop-availability"`);
    expect(await (await get(location, { accept: "text/csv" })).text()).toBe(text);
    const html = await get(location, { accept: "text/html,*/*;q=0.1" });
    const page = await html.text();
    expect(page).toContain("<h2>=Shop &lt;b&gt;</h2>");
    expect(page).not.toMatch(/<script|<link|<img|src=/);
    const style = /<style>(.*?)<\/style>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(html.headers.get("content-security-policy")).toContain(`style-src 'sha256-${hash}'`);
    const list = (await (await get("/v1/statements?period=2026-11&limit=2")).json()) as {
      data: { replacedBy: unknown }[];
    };
    expect(list.data).toHaveLength(2);
    expect((await get("/v1/statements/stm_nobody")).status).toBe(404);
    expect((await post({})).status).toBe(400);
    expect((await post({ month: "2026-13" })).status).toBe(400);
    expect((await post({ month: "2026-10", quarter: "2026-Q3" })).status).toBe(400);
  });
});
