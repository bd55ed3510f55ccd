import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { readFailedRuns } from "#db/queries/incident-facts.ts";
import { organisationConfig } from "#lib/cli/bench/dashboards/config.ts";
import { looksOf } from "#lib/cli/bench/dashboards/looks.ts";
import { statementNames } from "#lib/cli/bench/dashboards/name-statements.ts";
import { pastOf } from "#lib/cli/bench/dashboards/past.ts";
import type { ExplainedStatement, PlanFacts } from "#lib/cli/bench/dashboards/plan-facts.ts";
import { factsOfPlan, MOST_RAW_ROWS } from "#lib/cli/bench/dashboards/plan-facts.ts";
import { statementFacts } from "#lib/cli/bench/dashboards/plans.ts";
import { seedDashboards } from "#lib/cli/bench/dashboards/seed.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { ExplainedDatabase } from "#test/support/explained-database.ts";
import { explainedDatabase } from "#test/support/explained-database.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { ASKS_NOTHING, LOADS } from "./dashboard-loads.ts";

// Eight services with a day and some hours behind them: a day of runs is large enough for the planner to want the key.
const SIZE = { services: 8, slos: 12, days: 1 };
const NOW = epochMs(Date.UTC(2026, 10, 22, 9, 30));
const box = createSecretBox(Buffer.alloc(32));
const cookie = `nines_session=${"A".repeat(43)}`;
const nameOf = statementNames(join(PROJECT_ROOT, "db", "queries"));

let stored: TestDatabase;
let explained: ExplainedDatabase;
/** What every read of the dashboards sent; `page` names the functions. */
const seen: (ExplainedStatement & { page: string })[] = [];

beforeAll(async () => {
  stored = await testDatabase();
  await seedDashboards(stored.database, pastOf(SIZE, NOW), box);
  explained = explainedDatabase(stored.url);
  const session = {
    id: "s",
    userId: "usr_1",
    login: "ada",
    name: "Ada",
    role: "admin",
    expiresAt: NOW + DAY_MS,
  } as const;
  setWebContext({
    database: explained.database,
    clock: { ...systemClock, now: () => NOW },
    snapshot: () => null,
    findSession: () => Promise.resolve(session),
    secretBox: box,
    reportFault: () => undefined,
  });
  for (const { names, load } of LOADS) {
    explained.take();
    await load({ database: explained.database, box, cookie, now: NOW });
    seen.push(...explained.take().map((one) => ({ ...one, page: names.join() })));
  }
});

afterAll(async () => {
  await explained.close();
  await stored.drop();
});

const factsOf = async (work: (database: Database) => Promise<unknown>): Promise<(PlanFacts & { text: string })[]> => {
  explained.take();
  await work(explained.database);
  return explained.take().map(({ text, plan }) => ({ text, ...factsOfPlan(plan) }));
};

/** Names that the dashboards import from where reads and commands are, types aside. */
const importedNames = (): string[] => {
  const files = globSync("app/(admin)/**/*.{ts,tsx}", { cwd: PROJECT_ROOT });
  const imports = files.flatMap((file) => [
    ...readFileSync(join(PROJECT_ROOT, file), "utf8").matchAll(
      /^import \{([^}]+)\} from "#lib\/(?:read|commands)\/[^"]+";/gm,
    ),
  ]);
  return [...new Set(imports.flatMap((match) => (match[1] ?? "").split(",").map((name) => name.trim())))]
    .filter((name) => name !== "" && !name.startsWith("type "))
    .sort();
};

describe("no page of the dashboards scans raw runs", () => {
  test("every read that a page imports is explained here, and every page is visited by the bench", () => {
    const known = new Set([...ASKS_NOTHING, ...LOADS.flatMap(({ names }) => names)]);
    expect(importedNames().filter((name) => !known.has(name))).toEqual([]);
    expect(looksOf(PROJECT_ROOT).map(({ page }) => page)).toContain("/admin/probes/[id]");
  });

  test("every statement reads them by their key, and few at once", () => {
    const statements = statementFacts(seen, nameOf);
    const faults = statements.flatMap(({ name, pages, faults }) =>
      faults.map((fault) => `${name} of ${pages.join()}: ${fault}`),
    );
    expect(faults).toEqual([]);
    expect(statements.length).toBeGreaterThan(60);
    expect(statements.some(({ mostRawRows }) => mostRawRows > 100)).toBe(true);
    expect(Math.max(...statements.map(({ mostRawRows }) => mostRawRows))).toBeLessThanOrEqual(MOST_RAW_ROWS);
  });

  test("a page of the last runs looks at no more of them than it shows, however deep it is", () => {
    const pages = seen.filter(({ text }) => nameOf(text) === "run-listings readRunPage");
    expect(pages.length).toBeGreaterThan(2);
    // One more than a page of twenty, from each of three locations.
    expect(Math.max(...pages.map(({ plan }) => factsOfPlan(plan).rawRows))).toBeLessThanOrEqual(63);
  });

  test.each([
    {
      name: "a scan of a whole day",
      sql: "select count(*) from runs where duration_us > 50000",
      fault: /^Seq Scan on runs_\*$/m,
    },
    {
      name: "a scan of what an hour of all probes left behind",
      sql: `select count(*) from runs where scheduled_at >= '${new Date(NOW - HOUR_MS).toISOString()}' and class = 10`,
      fault: /runs_\*/,
    },
    {
      name: "too many by the key",
      sql: `select count(duration_us) from runs where probe_no = (select no from probes where id = 'probe-5') and location_no = 1
            and scheduled_at >= '${new Date(NOW - DAY_MS / 2).toISOString()}'`,
      fault: /raw runs were read/,
    },
  ])("$name is found out", async ({ sql, fault }) => {
    const found = await factsOf((database) => database.read((db) => db.unsafe(sql)));
    expect(found.at(-1)?.faults.join("\n")).toMatch(fault);
  });
});

describe("failures of an incident are counted from buckets", () => {
  const naive = (from: EpochMs, until: EpochMs): Promise<unknown> =>
    stored.database.read(
      (db) => db`
        select p.service_id as "serviceId", min(r.scheduled_at) as first, max(r.scheduled_at) as last, count(*)::int as count
          from probes p join runs r on r.probe_no = p.no join outcome_classes c on c.code = r.class
         where c.vote = 'bad' and r.scheduled_at >= ${new Date(from)} and r.scheduled_at <= ${new Date(until)}
         group by 1 order by 2, 1`,
    );

  test("they are those of the runs themselves, for spans that begin and end anywhere", async () => {
    const serviceIds = organisationConfig(SIZE).services.map(({ id }) => id);
    let total = 0;
    for (const [ago, lengthMs] of [
      [34 * HOUR_MS, 34 * HOUR_MS],
      [33.5 * HOUR_MS + 7_500, 20 * HOUR_MS],
      [29 * HOUR_MS - 150_000, 90_000],
      [33 * HOUR_MS, 10_000],
      [MINUTE_MS, HOUR_MS],
    ] as const) {
      const [from, until] = [addMs(NOW, -ago), addMs(NOW, lengthMs - ago)];
      for (const closedUntil of [NOW, addMs(NOW, -30 * HOUR_MS)]) {
        const found = await stored.database.read((db) => readFailedRuns(db, { serviceIds, from, until, closedUntil }));
        const wanted = await naive(from, until);
        expect(found.map((row) => ({ ...row, first: new Date(row.first), last: new Date(row.last) }))).toEqual(wanted);
        total += found.length;
      }
    }
    expect(total).toBeGreaterThan(4);
  });
});
