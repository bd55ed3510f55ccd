import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSnapshot } from "#db/queries/snapshots.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { AlertResource, MetaResource, ProblemDetail, ServiceResource, SloResource } from "#lib/contracts/api.ts";
import { ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import * as samples from "#test/support/sample-snapshot.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { insertAlert, insertReading, services, T0 } from "./web-api-world.ts";

let db: TestDatabase;
let site: TestSite;

const get = async (
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown; headers: Headers }> => {
  const answer = await fetch(`${site.url}${path}`, { headers });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text), headers: answer.headers };
};
type List = {
  data: { id: string }[];
  pagination: {
    limit: number;
    hasNextPage: boolean;
    nextCursor: string | null;
    hasPrevPage: boolean;
    prevCursor: string | null;
  };
};
const list = async (path: string): Promise<List> => (await get(path)).body as List;

/** Follows `nextCursor` to the end, then `prevCursor` back to the start, and returns the ids of both walks. */
const walk = async (path: string): Promise<{ forth: string[]; back: string[] }> => {
  const forth: string[] = [];
  const back: string[] = [];
  let page = await list(path);
  for (;;) {
    forth.push(...page.data.map(({ id }) => id));
    if (page.pagination.nextCursor === null) break;
    page = await list(`${path}&after=${page.pagination.nextCursor}`);
  }
  for (;;) {
    back.unshift(...page.data.map(({ id }) => id));
    if (page.pagination.prevCursor === null) break;
    page = await list(`${path}&before=${page.pagination.prevCursor}`);
  }
  return { forth, back };
};

beforeAll(async () => {
  db = await testDatabase();
  await db.database.transaction((tx) =>
    applyConfig(tx, { config: sampleConfig({ services }), now: T0, secretBox: createSecretBox(new Uint8Array(32)) }),
  );
  for (let number = 1; number <= 25; number += 1) await insertAlert(db.database, number, number === 24);
  await insertReading(db.database);
  const built = new Date(systemClock.now()).toISOString();
  const snapshot = { ...samples.calmDay(), builtAt: built, dataAsOf: built };
  await db.database.transaction((tx) => writeSnapshot(tx, snapshot, T0));
  site = await startTestSite({ snapshot: null, database: db.database });
  await waitFor("readiness", async () => (await get("/health/ready")).status === 200);
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("/v1", () => {
  test("services are listed in the order of the file, with the state of the page and without addresses of probes", async () => {
    const { data, pagination } = await list("/v1/services");
    expect(data.map((service) => ServiceResource.parse(service).id)).toEqual(["shop", "search", "mail"]);
    expect(pagination).toEqual({
      limit: 20,
      hasNextPage: false,
      nextCursor: null,
      hasPrevPage: false,
      prevCursor: null,
    });
    expect(data[0]).toMatchObject({
      state: "operational",
      group: "Shopping",
      sloIds: ["shop-availability", "shop-latency"],
      probes: [{ id: "shop-home", type: "http", interval: "30s", locations: ["fra"] }],
    });
    expect(JSON.stringify(data)).not.toContain("https://");
  });

  test("an objective shows its newest reading in exact text", async () => {
    const slo = SloResource.parse((await get("/v1/slos/shop-availability")).body);
    expect(slo).toMatchObject({
      objective: "99.9",
      window: { kind: "rolling", duration: "28d" },
      firingAlertIds: ["alt_0024"],
    });
    expect(slo.reading).toEqual({
      evaluatedAt: "2026-11-03T14:05:00.000Z",
      good: 80_631,
      bad: 9,
      total: 80_640,
      expected: 80_640,
      coverageRatio: "1",
      attainedRatio: "0.999888393",
      isMet: true,
      budget: { consumedRatio: "0.111607143", remainingRatio: "0.888392857", exhaustedInSeconds: 28_656 },
      raw: {
        good: 80_631,
        bad: 9,
        total: 80_640,
        attainedRatio: "0.999888393",
        isMet: true,
        budget: { consumedRatio: "0.111607143", remainingRatio: "0.888392857", exhaustedInSeconds: 28_656 },
      },
      isAdjusted: false,
      burnRate: "75",
      windows: [
        { duration: "5m", bad: 0, total: 10, expected: 10, burnRate: "0", threshold: "14.4", severity: "page" },
        { duration: "1h", bad: 9, total: 120, expected: 120, burnRate: "75", threshold: "14.4", severity: "page" },
      ],
    });
    expect(SloResource.parse((await get("/v1/slos/mail-latency")).body)).toMatchObject({
      sli: { kind: "latency", threshold: "300ms" },
      reading: null,
    });
  });

  test("objectives can be asked for by service", async () => {
    expect((await list("/v1/slos?serviceId=search")).data.map(({ id }) => id)).toEqual([
      "search-availability",
      "search-latency",
    ]);
  });

  test("an alert is what its event said", async () => {
    const alert = AlertResource.parse((await get("/v1/alerts/alt_0024")).body);
    expect(alert).toMatchObject({
      state: "firing",
      sloId: "shop-availability",
      serviceId: "shop",
      resolvedAt: null,
      windows: ALERT_EXAMPLE.windows,
    });
  });

  test.each([
    { name: "alerts, several at one instant", path: "/v1/alerts?limit=4", count: 25 },
    { name: "alerts of one objective", path: "/v1/alerts?limit=5&sloId=shop-availability", count: 12 },
    { name: "alerts in a page of their own number", path: "/v1/alerts?limit=25", count: 25 },
    { name: "firing alerts", path: "/v1/alerts?limit=10&state=firing", count: 1 },
    { name: "objectives", path: "/v1/slos?limit=4", count: 6 },
    { name: "services", path: "/v1/services?limit=1", count: 3 },
  ])("cursors lead through all $name and back, each once, in one order", async ({ path, count }) => {
    const { forth, back } = await walk(path);
    expect(forth).toHaveLength(count);
    expect(new Set(forth).size).toBe(count);
    expect(back).toEqual(forth);
  });

  test("alerts come the newest first", async () => {
    const { data } = await list("/v1/alerts?limit=3");
    expect(data.map(({ id }) => id)).toEqual(["alt_0025", "alt_0024", "alt_0023"]);
  });

  test.each([
    { name: "an unknown service", path: "/v1/services/nobody", status: 404, code: "NOT_FOUND" },
    { name: "an unknown objective", path: "/v1/slos/nobody", status: 404, code: "NOT_FOUND" },
    { name: "an unknown alert", path: "/v1/alerts/nobody", status: 404, code: "NOT_FOUND" },
    {
      name: "a cursor of another list",
      path: `/v1/slos?after=${Buffer.from('["alerts",1,"x"]').toString("base64url")}`,
      status: 400,
      code: "INVALID_REQUEST",
    },
    { name: "a cursor that is none", path: "/v1/alerts?after=AAAA", status: 400, code: "INVALID_REQUEST" },
    ...[
      ["slos", '["slos","nobody",0.5]'],
      ["slos", '["slos","nobody",-1]'],
      ["services", '["services","nobody","x"]'],
      ["alerts", '["alerts",1e300,"x"]'],
      ["alerts", '["alerts",8640000000000000,"x"]'],
      ["alerts", '["alerts",1.5,"x"]'],
      ["alerts", '["alerts",1,"\\u0000"]'],
    ].map(([list, place = ""]) => ({
      name: `the made-up cursor ${place}`,
      path: `/v1/${list}?after=${Buffer.from(place).toString("base64url")}`,
      status: 400,
      code: "INVALID_REQUEST",
    })),
    {
      name: "both directions",
      path: `/v1/slos?after=${Buffer.from('["slos","a",1]').toString("base64url")}&before=${Buffer.from('["slos","a",1]').toString("base64url")}`,
      status: 400,
      code: "INVALID_REQUEST",
    },
    { name: "a parameter where none is taken", path: "/v1/meta?x=1", status: 400, code: "INVALID_REQUEST" },
    { name: "too large a page", path: "/v1/alerts?limit=101", status: 400, code: "INVALID_REQUEST" },
  ])("$name is a problem", async ({ path, status, code }) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(ProblemDetail.parse(answer.body).code).toBe(code);
  });

  test("an unchanged list is not sent twice", async () => {
    const first = await get("/v1/slos");
    expect((await get("/v1/slos", { "if-none-match": first.headers.get("etag") ?? "" })).status).toBe(304);
    expect(
      (await get("/v1/services/shop", { "if-modified-since": new Date(systemClock.now()).toUTCString() })).status,
    ).toBe(304);
  });

  test("meta tells the release, the configuration and the age of the data", async () => {
    expect(MetaResource.parse((await get("/v1/meta")).body)).toMatchObject({
      sourceAddresses: [],
      configVersion: "1",
      page: { name: "Acme" },
      snapshotVersion: 4_711,
    });
  });
});

describe("the page follows the database", () => {
  test("a publication shows within a second or so, and a lower version after a restore as well", async () => {
    const page = async (): Promise<string> => (await fetch(`${site.url}/api/v2/summary.json`)).text();
    const publish = (version: number, name: string): Promise<void> => {
      const snapshot = samples.calmDay();
      const next = {
        ...snapshot,
        version,
        dataAsOf: new Date(systemClock.now()).toISOString(),
        page: { ...snapshot.page, name },
      };
      return db.database.transaction((tx) => writeSnapshot(tx, next, T0));
    };
    await publish(5_000, "Renamed");
    await waitFor("the new name", async () => (await page()).includes('"name":"Renamed"'));
    await publish(3, "Restored");
    await waitFor("the older version", async () => (await page()).includes('"name":"Restored"'));
  });
});
