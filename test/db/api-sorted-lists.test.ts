import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProblemDetail } from "#lib/contracts/api.ts";
import type { SortedList } from "#lib/contracts/operations/list-operation.ts";
import { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { SCOPES } from "#lib/core/access/authorise.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { API_SECRET_BOX, ask, fillWithServices, makeApiKey } from "./api-world.ts";

let db: TestDatabase;
let site: TestSite;
let token: string;
// One clock that moves by hand: many rows of the same instant are what breaks pages.
const clock = createFakeClock(Date.UTC(2030, 0, 1));

const later = (hours: number): string => new Date(clock.now() + hours * 3_600_000).toISOString();

/** A body for one more row of a list; `n` is a number that no other has, `at` a small one that others have too. */
const MORE: Partial<Record<SortedList, (n: number, at: number) => object>> = {
  keys: (n, at) => ({ name: `key ${at} ${n % 3}`, scopes: ["probes:read"] }),
  users: (n, at) => ({ login: `u${n}`, name: `name ${at}`, role: at % 2 === 0 ? "viewer" : "editor" }),
  silences: (n, at) => ({ serviceIds: ["svc-01"], startsAt: later(at + 1), endsAt: later(at + 9), comment: `no ${n}` }),
  exclusions: (n, at) => ({ serviceId: "svc-01", startsAt: later(at + 1), endsAt: later(at + 2), reason: `no ${n}` }),
  maintenances: (n, at) => ({
    ...{ title: `work ${at}`, serviceIds: ["svc-02"], startsAt: later(n * 3 + 1), duration: "1h" },
  }),
  "incident-templates": (n, at) => ({ name: `t${n}`, title: `title ${at}`, message: "m" }),
  incidents: (n, at) => ({
    title: `i ${at}`,
    message: `m ${n}`,
    impact: "minor",
    affected: [{ service: "svc-03" }],
    draft: at % 2 === 0,
  }),
  endpoints: (n) => ({ id: `e${n}x`, url: "https://hooks.example.com/x" }),
  subscribers: (n) => ({
    channel: "webhook",
    address: `https://hooks.example.org/${n}`,
    skipConfirmation: n % 2 === 0,
  }),
  jobs: (_, at) => ({ kind: "audit_export", from: later(-at), to: later(0) }),
};
const GROWING = Object.keys(MORE) as SortedList[];

let number = 0;
const addTo = async (list: SortedList, at: number): Promise<void> => {
  number += 1;
  const body = MORE[list]?.(number, at);
  const answer = await ask(`${site.url}/v1/${list}`, { method: "POST", token, body });
  // An asker has so many open jobs at most: then there is none more.
  if (answer.status === 429 || answer.status === 409) return;
  expect(answer.status, `${list}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
};

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  token = (await makeApiKey(db, SCOPES)).token;
  site = await startTestSite({ snapshot: null, database: db.database, clock, secretBox: API_SECRET_BOX });
  for (const list of GROWING) for (let at = 0; at < 5; at += 1) await addTo(list, at % 3);
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

type Page = { data: { id: string }[]; pagination: { nextCursor?: string | null; total?: number } };
const get = async (path: string): Promise<Page> => {
  const { status, body } = await ask(`${site.url}${path}`, { token });
  expect(status, `${path}: ${JSON.stringify(body)}`).toBe(200);
  return body as Page;
};
const idsOf = ({ data }: Page): string[] => data.map(({ id }) => id);

const sortOf = (list: SortedList): fc.Arbitrary<string> =>
  fc
    .uniqueArray(fc.constantFrom(...SORT_FIELDS[list]), {
      minLength: 1,
      maxLength: Math.min(3, SORT_FIELDS[list].length),
    })
    .chain((fields) => fc.tuple(...fields.map((field) => fc.constantFrom(field, `-${field}`))))
    .map((keys) => keys.join(","));

test("through any order, page by page, everything comes once while more is added", async () => {
  const cases = fc
    .constantFrom(...GROWING)
    .chain((list) => fc.record({ list: fc.constant(list), sort: sortOf(list), at: fc.integer({ min: 0, max: 4 }) }));
  await fc.assert(
    fc.asyncProperty(cases, async ({ list, sort, at }) => {
      const before = idsOf(await get(`/v1/${list}?limit=100`));
      const path = `/v1/${list}?limit=4&sort=${encodeURIComponent(sort)}`;
      const seen: string[] = [];
      let page = await get(path);
      for (let added = 0; ; added += 1) {
        seen.push(...idsOf(page));
        const { nextCursor } = page.pagination;
        if (nextCursor === null || nextCursor === undefined) break;
        if (added === 0) await addTo(list, at);
        page = await get(`${path}&after=${nextCursor}`);
      }
      expect(new Set(seen).size, `${list} by ${sort}`).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(before));
    }),
    { numRuns: 20 },
  );
});

const LISTS = (V1_OPERATIONS as readonly Operation[]).filter(
  ({ query, path }) => "sort" in query.shape && !path.includes("{"),
);
const named = (path: string): SortedList => path.split("/").at(-1) as SortedList;

test.each(LISTS.map(({ path, query }) => ({ path, query })))(
  "$path takes what its table says and names it",
  async (list) => {
    const fields = SORT_FIELDS[named(list.path)];
    for (const field of fields) for (const sign of ["", "-", "%2B"]) await get(`${list.path}?sort=${sign}${field}`);
    const { status, body } = await ask(`${site.url}${list.path}?sort=nonsense`, { token });
    expect(status).toBe(400);
    expect(ProblemDetail.parse(body).errors[0]?.message).toContain(fields.join(", "));
    if ("q" in list.query.shape) expect((await get(`${list.path}?q=no-such-text-anywhere`)).data).toEqual([]);
    if ("createdAfter" in list.query.shape)
      expect((await get(`${list.path}?createdAfter=2999-01-01T00:00:00Z`)).data).toEqual([]);
    if ("offset" in list.query.shape) {
      const { data, pagination } = await get(`${list.path}?limit=2&offset=1`);
      const { total = 0 } = pagination;
      expect(pagination).toEqual({ total, limit: 2, offset: 1, pages: Math.ceil(total / 2) });
      expect(data.length).toBe(Math.max(0, Math.min(2, total - 1)));
    }
  },
);

test("every list has an order that can be asked for, but logs", () => {
  const isList = ({ response }: Operation): boolean =>
    JSON.stringify(Object.keys((response as { shape?: object } | null)?.shape ?? {})) === '["data","pagination"]';
  const without = (V1_OPERATIONS as readonly Operation[]).filter((one) => isList(one) && !("sort" in one.query.shape));
  expect(without.map(({ path }) => path).sort()).toEqual([
    "/v1/audit",
    "/v1/config/versions",
    "/v1/events",
    "/v1/runs",
  ]);
});

test("a search finds text in another case, and an instant leaves out what was made before it", async () => {
  expect(idsOf(await get("/v1/incidents?q=I%201&limit=100"))).not.toEqual([]);
  // No wildcard: "i 1" is there, as the line above says, and ids have no other underscore than that of "inc_".
  expect((await get("/v1/incidents?q=i_1&limit=100")).data).toEqual([]);
  const until = new Date(clock.now()).toISOString();
  clock.jump(60_000);
  await addTo("incidents", 1);
  await addTo("keys", 1);
  for (const list of ["incidents", "keys"])
    expect((await get(`/v1/${list}?createdAfter=${until}`)).data).toHaveLength(1);
});
