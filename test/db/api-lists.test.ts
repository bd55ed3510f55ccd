import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProblemDetail } from "#lib/contracts/api.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { ask, fillWithServices, makeApiKey } from "./api-world.ts";

let db: TestDatabase;
let site: TestSite;
let token: string;

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  token = (await makeApiKey(db, ["keys:read", "events:read"])).token;
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

type List = {
  data: Record<string, unknown>[];
  pagination: { nextCursor?: string | null; prevCursor?: string | null; total?: number; pages?: number };
};
const get = (path: string) => ask(`${site.url}${path}`, { token });
const list = async (path: string): Promise<List> => (await get(path)).body as List;
const ids = ({ data }: List): unknown[] => data.map(({ id }) => id);

/** Follows nextCursor to the end, and prevCursor back from there. */
const walk = async (path: string) => {
  const forth: unknown[] = [];
  let page = await list(path);
  for (;;) {
    forth.push(...ids(page));
    const { nextCursor } = page.pagination;
    if (nextCursor === null || nextCursor === undefined) break;
    page = await list(`${path}&after=${nextCursor}`);
  }
  const back = ids(page);
  for (let cursor = page.pagination.prevCursor; cursor !== null && cursor !== undefined; ) {
    const before = await list(`${path}&before=${cursor}`);
    back.unshift(...ids(before));
    cursor = before.pagination.prevCursor;
  }
  return { forth, back };
};

describe("a list", () => {
  test.each([
    "/v1/services?limit=5",
    "/v1/services?limit=5&sort=name",
    "/v1/services?limit=5&sort=-name,%2BcreatedAt",
    "/v1/services?limit=5&sort=-createdAt,name",
    "/v1/slos?limit=5&sort=-serviceId",
    "/v1/slos?limit=5&sort=-updatedAt",
    "/v1/budgets?limit=5&sort=-id",
  ])("%s gives every item once, forth and back", async (path) => {
    const { forth, back } = await walk(path);
    expect(forth).toHaveLength(12);
    expect(new Set(forth).size).toBe(12);
    expect(back).toEqual(forth);
  });

  test("is in the order that was asked for, also where a plus sign was not escaped", async () => {
    const names = async (sort: string) =>
      (await list(`/v1/services?limit=100&sort=${sort}`)).data.map(({ name }) => name);
    const up = await names("+name");
    expect(up).toEqual([...up].sort());
    expect(await names("-name")).toEqual([...up].reverse());
  });

  test("refuses a cursor of another order", async () => {
    const { pagination } = await list("/v1/services?limit=5&sort=name");
    expect((await get(`/v1/services?limit=5&sort=-name&after=${pagination.nextCursor}`)).status).toBe(400);
    expect((await get(`/v1/services?limit=5&after=${pagination.nextCursor}`)).status).toBe(400);
  });

  test("is searched in ids and names, where wildcards mean themselves", async () => {
    expect(ids(await list("/v1/services?limit=100&q=ALPHA"))).toHaveLength(4);
    expect(ids(await list("/v1/services?q=%25"))).toEqual([]);
    expect(ids(await list("/v1/slos?q=svc-03"))).toEqual(["svc-03-availability"]);
  });

  test("is narrowed by the instant of making, and told by count where it seldom changes", async () => {
    expect(ids(await list("/v1/services?createdAfter=2999-01-01T00:00:00Z"))).toEqual([]);
    const page = await list("/v1/services?limit=5&offset=10");
    expect(page.pagination).toEqual({ total: 12, limit: 5, offset: 10, pages: 3 });
    expect(ids(page)).toEqual(["svc-10", "svc-11"]);
    expect((await list("/v1/slos?limit=5&offset=0&q=svc-0")).pagination).toMatchObject({ total: 10, pages: 2 });
    expect((await list("/v1/locations?offset=0")).pagination).toMatchObject({ offset: 0 });
  });

  test("has the fields that were named and the id; a field that there is not is told", async () => {
    const { data } = await list("/v1/services?limit=2&fields=name,state");
    expect(Object.keys(data[0] ?? {}).sort()).toEqual(["id", "name", "state"]);
    const one = await get("/v1/services/svc-01?fields=name");
    expect(Object.keys(one.body as object).sort()).toEqual(["id", "name"]);
    const wrong = ProblemDetail.parse((await get("/v1/services?fields=name,password")).body);
    expect(wrong.errors).toMatchObject([{ field: "fields", code: "unknown_field" }]);
  });
});

/** What people have tried against `order by` and filters. */
const INJECTIONS = [
  "id;drop table services",
  "id desc--",
  "(select 1)",
  "name,(case when 1=1 then id else name end)",
  "id'--",
  'id"',
  "id/**/desc",
  "1",
  "__proto__",
  "constructor",
  "createdAt desc nulls last",
  "-",
  ",",
  "name,name",
  "pg_sleep(10)",
];

test("sort takes names of its list and nothing else, whatever is tried", async () => {
  for (const sort of INJECTIONS) {
    const { status, body } = await get(`/v1/services?sort=${encodeURIComponent(sort)}`);
    expect(status, sort).toBe(400);
    expect(ProblemDetail.parse(body).errors[0]?.field).toBe("sort");
  }
});

test("any text in sort, q, fields, offset and cursors is answered with 200 or 400, and changes nothing", async () => {
  const names = fc.constantFrom("sort", "q", "fields", "after", "before", "offset", "createdAfter", "serviceId");
  const values = fc.oneof(
    fc.constantFrom(...INJECTIONS, "%", "_", "\\", "'", "\u0000", "\ud800"),
    fc.string({ maxLength: 40 }),
  );
  const paths = fc.constantFrom("/v1/services", "/v1/slos", "/v1/alerts", "/v1/budgets", "/v1/locations", "/v1/keys");
  await fc.assert(
    fc.asyncProperty(
      paths,
      fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name, maxLength: 3 }),
      async (path, pairs) => {
        const { status } = await get(`${path}?${new URLSearchParams(pairs).toString()}`);
        expect([200, 400]).toContain(status);
      },
    ),
    { numRuns: 120 },
  );
  const forged = Buffer.from(JSON.stringify(["services:name", "x'; drop table services;--", 7])).toString("base64url");
  expect((await get(`/v1/services?sort=name&after=${forged}`)).status).toBe(400);
  expect(ids(await list("/v1/services?limit=100"))).toHaveLength(12);
});

test("/v1/meta tells versions and limits", async () => {
  const { body } = await get("/v1/meta");
  expect(body).toMatchObject({
    apiVersions: ["2026-11-01"],
    limits: { bodyBytes: 1_000_000, bodyDepth: 32, pageSize: 100, rateLimit: null },
    sourceAddresses: [],
  });
});
