import { describe, expect, test } from "vitest";
import { startTemporary } from "#db/embedded/temporary.ts";
import { startScriptedTarget } from "../faults/rig/scripted-target.ts";
import { startInstance, temporaryFolder } from "../support/instance.ts";
import { findPostgres } from "../support/postgres-binaries.ts";
import { waitFor } from "../support/wait-for.ts";

const found = findPostgres("15");
const why = found === null ? " (skipped: /usr/lib/postgresql/15 is not installed)" : "";

describe.skipIf(found === null)(`the whole service with DATABASE_URL set to PostgreSQL 15${why}`, () => {
  test("reaches a page with a measured, operational service, and stops cleanly", async () => {
    const server = await startTemporary({ other: found ?? undefined });
    const folder = await temporaryFolder("pg15");
    const target = await startScriptedTarget();
    const config = `
version: 1
egress: { allow: [127.0.0.1/32] }
locations: [{ id: here, name: Here }]
services:
  - id: shop
    name: Shop
    probes: [{ id: shop-home, type: http, url: "${target.url}", interval: 1s, locations: [here] }]
    slos: [{ id: shop-availability, sli: availability, probes: [shop-home], objective: 99.9, window: 28d }]
`;
    try {
      const instance = await startInstance({
        config,
        dataDir: `${folder.path}/data`,
        env: { DATABASE_URL: server.server.url },
      });
      try {
        await waitFor(
          "the measured state",
          async () => (await instance.get("/api/v2/components.json")).text.includes('"operational"'),
          { deadlineMs: 30_000, everyMs: 200 },
        );
        expect((await instance.get("/")).status).toBe(200);
        // Told by a watch of its own, which may have met a busy start: it asks again every 2 s.
        await waitFor("readiness", async () => (await instance.get("/health/ready")).status === 200, {
          deadlineMs: 10_000,
          everyMs: 200,
        });
      } finally {
        expect((await instance.stop()).code).toBe(0);
      }
    } finally {
      await target.stop();
      await server.stop();
      await folder.remove();
    }
  });
});
