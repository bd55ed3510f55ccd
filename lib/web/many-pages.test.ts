import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const SECRET = "backstage";
let site: TestSite;

type Answer = { status: number; headers: Record<string, unknown>; text: string };

const get = (path: string, host: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, site.url);
    request(url, { headers: { host } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    })
      .on("error", reject)
      .end();
  });

const snapshotOf = (): Snapshot => {
  const calm = calmDay();
  const [first, ...others] = calm.services as [Snapshot["services"][0], ...Snapshot["services"]];
  const services = [...others, { ...first, id: SECRET, name: "Backstage", groupId: null }];
  const shared = { url: null, timeZone: "UTC", languages: ["en" as const] };
  return {
    ...calm,
    dataAsOf: new Date(systemClock.now()).toISOString(),
    services,
    pages: [
      {
        ...shared,
        id: "main",
        name: "Main",
        hosts: [],
        audience: { kind: "public" },
        serviceIds: others.map(({ id }) => id),
      },
      {
        ...shared,
        id: "shop",
        name: "Shop",
        hosts: ["shop.example"],
        audience: { kind: "public" },
        serviceIds: others.slice(0, 1).map(({ id }) => id),
      },
      {
        ...shared,
        id: "staff",
        name: "Staff",
        hosts: ["staff.example"],
        audience: { kind: "sign_in" },
        serviceIds: services.map(({ id }) => id),
      },
      {
        ...shared,
        id: "office",
        name: "Office",
        hosts: ["office.example"],
        audience: { kind: "networks", networks: ["10.0.0.0/8"] },
        serviceIds: [SECRET],
      },
      {
        ...shared,
        id: "here",
        name: "Here",
        hosts: ["here.example"],
        audience: { kind: "networks", networks: ["127.0.0.0/8", "::1"] },
        serviceIds: [SECRET],
      },
    ],
  };
};

beforeAll(async () => {
  site = await startTestSite({ snapshot: snapshotOf() });
  for (const host of ["any.example", "shop.example", "here.example"])
    await waitFor(`the page at ${host}`, async () => (await get("/", host)).status === 200);
});
afterAll(() => site.stop());

describe("pages of one data set", () => {
  test("are told apart by Host, whatever its case and port", async () => {
    const names = await Promise.all(
      ["any.example", "shop.example", "SHOP.example.:8080"].map(async (host) => {
        const answer = await get("/api/v2/summary.json", host);
        return (JSON.parse(answer.text) as { page: { name: string } }).page.name;
      }),
    );
    expect(names).toEqual(["Main", "Shop", "Shop"]);
  });

  test.each([
    "/",
    `/services/${SECRET}`,
    "/api/v2/summary.json",
    "/feed.rss",
    `/badge/${SECRET}.svg`,
    "/live",
    "/sitemap.xml",
    "/incidents",
  ])("nothing of a protected page is told to strangers at %s", async (path) => {
    for (const host of ["staff.example", "office.example"]) {
      const { status, text, headers } = await get(path, host);
      expect([302, 401, 404]).toContain(status);
      expect(text).not.toContain(SECRET);
      expect(String(headers["cache-control"])).toContain("no-store");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  test("a service of protected pages alone does not exist on the public ones", async () => {
    const own = ["services/X", "ko/services/X", "badge/X.svg", "badge/X.json", "live?service=X"];
    for (const path of own.map((one) => `/${one.replace("X", SECRET)}`))
      expect((await get(path, "any.example")).status).toBe(404);
    for (const path of ["/", "/api/v2/summary.json", "/feed.json", "/history.atom", "/calendar.ics", "/sitemap.xml"])
      expect((await get(path, "any.example")).text.toLowerCase()).not.toContain(SECRET);
  });

  test("the API is for known callers once there is something to hide", async () => {
    for (const path of ["/v1/services", `/v1/services/${SECRET}`]) {
      const { status, text } = await get(path, "any.example");
      expect([status, text.includes("Backstage")]).toEqual([401, false]);
    }
  });

  test("whoever is let in gets the page, for themselves alone", async () => {
    const page = await get(`/services/${SECRET}`, "here.example");
    expect(page.status).toBe(200);
    expect(page.headers["cache-control"]).toBe("private, no-store");
    const summary = await get("/api/v2/summary.json", "here.example");
    expect(summary.text).toContain("Backstage");
    expect(summary.headers["access-control-allow-origin"]).toBeUndefined();
  });
});
