import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { syncArchive } from "#lib/web/archive-source.ts";
import type { ArchiveStore } from "#lib/web/archive-store.ts";
import { createArchiveStore } from "#lib/web/archive-store.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import { absentDatabase, startTestSite } from "#test/support/web-site.ts";
import { configure } from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let folder: string;

/** Closed incidents, one for each start, of the shop and where told of a second service. */
const seed = (starts: readonly { id: string; at: string; services: readonly string[] }[]): Promise<unknown> =>
  database.transaction(async (tx) => {
    for (const { id, at, services } of starts) {
      await tx`
        insert into incidents (id, name, status, impact, started_at, resolved_at, published_at, created_at, updated_at)
        values (${id}, ${`Outage ${id}`}, 'resolved', 'major', ${at}::timestamptz, ${at}::timestamptz + interval '1 hour',
                ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz)`;
      await tx`
        insert into incident_updates (id, incident_id, status, body, affected, display_at, published_at, created_at, updated_at)
        values (${`u${id}`}, ${id}, 'resolved', ${`All well again, ${id}`}, '[]', ${at}::timestamptz, ${at}::timestamptz,
                ${at}::timestamptz, ${at}::timestamptz)`;
      for (const service of services)
        await tx`insert into incident_services (incident_id, service_id, impact) values (${id}, ${service}, 'major')`;
    }
  });

beforeAll(async () => {
  world = await testDatabase();
  database = world.database;
  folder = await mkdtemp(join(tmpdir(), "nines-archive-"));
  await configure(database);
  await database.transaction((tx) => tx`insert into services (id, name, position) values ('secret', 'Backstage', 1)`);
  await seed([
    ...Array.from({ length: 70 }, (_, index) => ({
      id: `old${index}`,
      at: new Date(Date.UTC(2021, index % 24, 3, 12)).toISOString(),
      services: ["shop"],
    })),
    { id: "backstage", at: "2022-02-01T12:00:00.000Z", services: ["secret"] },
    { id: "both", at: "2022-02-02T12:00:00.000Z", services: ["shop", "secret"] },
  ]);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await world.drop();
});

const openStore = async (): Promise<ArchiveStore> => {
  const store = createArchiveStore({ folder: join(folder, "a"), log: silentLogger });
  await store.load();
  return store;
};

test("every closed incident is kept with what was said, only what changed is written anew, and what left the page goes", async () => {
  const store = await openStore();
  const mark = await syncArchive(database, store);
  expect(store.list()).toHaveLength(72);
  expect(store.list()[0]?.id).toBe("old47");
  const list = store.list();
  const [entry] = list.filter(({ id }) => id === "old7");
  const said = await store.read(entry === undefined ? [] : [entry]);
  expect(said.incidents[0]?.updates[0]).toMatchObject({
    body: "All well again, old7",
    bodyHtml: "<p>All well again, old7</p>",
  });
  expect(await syncArchive(database, store, mark)).toBe(mark);
  expect(store.list()).toBe(list);

  const files = await readdir(store.folder);
  await database.transaction(async (tx) => {
    await tx`update incidents set name = 'Renamed', updated_at = now() where id = 'old7'`;
    await tx`update incidents set discarded_at = now(), updated_at = now() where id = 'old8'`;
  });
  const put: string[] = [];
  await syncArchive(database, {
    ...store,
    put: (one, stamp) => {
      put.push(one.document.id);
      return store.put(one, stamp);
    },
  });
  expect(put).toEqual(["old7"]);
  expect((await readdir(store.folder)).length).toBe(files.length - 1);
  const again = await openStore();
  expect(again.list()).toEqual(store.list());
  expect(again.list().find(({ id }) => id === "old7")?.name).toBe("Renamed");
  await database.transaction(
    (tx) => tx`update incidents set discarded_at = null, updated_at = now() where id = 'old8'`,
  );
});

test("a document that was lost on disk is read anew, and its page is no page meanwhile", async () => {
  const store = await openStore();
  await syncArchive(database, store);
  const [entry] = store.list();
  if (entry === undefined) throw new Error("there is no archive");
  for (const name of await readdir(store.folder)) if (name !== "index.json") await rm(join(store.folder, name));
  expect((await store.read([entry])).incidents).toEqual([]);
  expect(store.isWhole()).toBe(false);
  await syncArchive(database, store);
  expect(store.isWhole()).toBe(true);
  expect((await store.read([entry])).incidents).toHaveLength(1);
});

const snapshotOf = (): Snapshot => {
  const calm = calmDay();
  const [first] = calm.services as [Snapshot["services"][0]];
  const shared = { url: null, timeZone: "UTC", languages: ["en" as const] };
  return {
    ...calm,
    dataAsOf: new Date(systemClock.now()).toISOString(),
    incidents: [],
    services: [
      { ...first, id: "shop", groupId: null },
      { ...first, id: "secret", name: "Backstage", groupId: null },
    ],
    pages: [
      { ...shared, id: "main", name: "Main", hosts: [], audience: { kind: "public" }, serviceIds: ["shop"] },
      {
        ...shared,
        id: "staff",
        name: "Staff",
        hosts: ["staff.example"],
        audience: { kind: "sign_in" },
        serviceIds: ["secret"],
      },
    ],
  };
};

const get = (
  url: string,
  path: string,
  host = "main.example",
): Promise<{ status: number; location: string | undefined }> =>
  new Promise((resolve, reject) => {
    request(new URL(path, url), { headers: { host } }, (response) => {
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location: response.headers.location }));
    })
      .on("error", reject)
      .end();
  });

test("old incidents keep their addresses on the page that tells of them, and no other, also without a database", async () => {
  const dataDir = join(folder, "site");
  let site = await startTestSite({ snapshot: snapshotOf(), database, dataDir });
  try {
    await waitFor("the archive", async () => (await get(site.url, "/incidents/old3")).status === 200);
    await site.stop();
    site = await startTestSite({ snapshot: snapshotOf(), database: absentDatabase(), dataDir });
    const short = statuspageId("incident", "old3");
    expect(await get(site.url, "/incidents/old3")).toMatchObject({ status: 200 });
    expect(await get(site.url, "/incidents/old5")).toMatchObject({ status: 200 });
    expect(await get(site.url, "/incidents/both")).toMatchObject({ status: 200 });
    expect(await get(site.url, `/i/${short}`)).toEqual({ status: 302, location: "/incidents/old3" });
    expect(await get(site.url, "/history/2021-03")).toMatchObject({ status: 200 });
    expect(await get(site.url, "/history/2020-03")).toMatchObject({ status: 404 });
    expect(await get(site.url, "/incidents/backstage")).toMatchObject({ status: 404 });
    expect(await get(site.url, "/incidents/never")).toMatchObject({ status: 404 });
    expect(await get(site.url, "/incidents/old3", "staff.example")).toMatchObject({
      status: 302,
      location: expect.stringMatching(/^\/admin\/sign-in/) as string,
    });
    expect(site.renderer.rendered).toContain("/render/en/incidents/old5");
  } finally {
    await site.stop();
  }
});
