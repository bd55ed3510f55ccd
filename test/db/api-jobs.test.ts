import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimJob } from "#db/queries/job-claims.ts";
import { JobResource, NewJobResource } from "#lib/contracts/jobs.ts";
import { verifyWebhook } from "#lib/contracts/verify-webhook.ts";
import { sendCallbackOnce } from "#lib/engine/jobs/job-callbacks.ts";
import type { JobDeps } from "#lib/engine/jobs/run-jobs.ts";
import { runJobOnce } from "#lib/engine/jobs/run-jobs.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { API_SECRET_BOX, ask, fillWithServices, makeApiKey } from "./api-world.ts";

let db: TestDatabase;
let site: TestSite;
let token: string;
let deps: JobDeps;

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  token = (await makeApiKey(db, ["jobs:write", "audit:read", "probes:read", "statements:write"])).token;
  site = await startTestSite({ snapshot: null, database: db.database, secretBox: API_SECRET_BOX });
  const signal = new AbortController().signal;
  deps = { database: db.database, clock: systemClock, log: silentLogger, randomBytes, signal };
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

const post = (body: unknown, key = token, headers: Record<string, string> = {}) =>
  ask(`${site.url}/v1/jobs`, { method: "POST", token: key, body, headers });
const made = async (body: unknown): Promise<NewJobResource> => NewJobResource.parse((await post(body)).body);
const look = async (id: string): Promise<JobResource> =>
  JobResource.parse((await ask(`${site.url}/v1/jobs/${id}`, { token })).body);
const runAll = async (): Promise<void> => {
  while (await runJobOnce(deps)) {
    // Until nothing is due.
  }
};
const resultOf = async (id: string): Promise<string> =>
  (await fetch(`${site.url}/v1/jobs/${id}/result`, { headers: { authorization: `Bearer ${token}` } })).text();

describe("a job", () => {
  test("is taken with 202 and an address, and has its result there once it ran", async () => {
    const answer = await post({ kind: "audit_export" });
    expect(answer.status).toBe(202);
    const job = NewJobResource.parse(answer.body);
    expect(answer.headers.get("location")).toBe(`/v1/jobs/${job.id}`);
    expect(answer.headers.get("retry-after")).toBe("30");
    expect(job).toMatchObject({ status: "queued", progress: 0, resultUrl: null, callbackSecret: null });
    await runAll();
    const done = await look(job.id);
    expect(done).toMatchObject({ status: "done", progress: 1, resultUrl: `/v1/jobs/${job.id}/result`, error: null });
    expect(Date.parse(done.expiresAt ?? "")).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    const lines = (await resultOf(job.id))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { action: string });
    expect(lines.map(({ action }) => action)).toContain("job.created");
  });

  test("of runs and of a statement works on stored data; one that cannot be done says why", async () => {
    const runs = await made({ kind: "run_export", day: "2026-11-20" });
    const statement = await made({ kind: "statement", period: "2026-10" });
    const lost = await made({ kind: "backtest", sloId: "nobody" });
    await runAll();
    expect(await look(runs.id)).toMatchObject({ status: "done" });
    expect(await resultOf(runs.id)).toBe("");
    expect((await look(statement.id)).resultUrl).toMatch(/^\/v1\/(statements\/stm_|jobs\/job_)/);
    expect(await look(lost.id)).toMatchObject({ status: "failed", error: { code: "NOT_FOUND" } });
  });

  test("is its asker's own, and its data needs its own scope", async () => {
    const job = await made({ kind: "audit_export" });
    const stranger = (await makeApiKey(db, ["jobs:write"])).token;
    expect((await ask(`${site.url}/v1/jobs/${job.id}`, { token: stranger })).status).toBe(404);
    expect((await post({ kind: "audit_export" }, stranger)).status).toBe(403);
    expect((await post({ kind: "run_export", day: "2026-02-30" })).status).toBe(400);
    const canceled = await ask(`${site.url}/v1/jobs/${job.id}/cancel`, { method: "POST", token });
    expect(canceled.body).toMatchObject({ id: job.id, status: "canceled" });
    await runAll();
    expect((await look(job.id)).status).toBe("canceled");
  });

  test("under one Idempotency-Key is one job", async () => {
    const headers = { "idempotency-key": "job-1" };
    const [first, second] = [
      await post({ kind: "audit_export" }, token, headers),
      await post({ kind: "audit_export" }, token, headers),
    ];
    expect((second.body as JobResource).id).toBe((first.body as JobResource).id);
    await runAll();
  });

  test("goes on from its last step after its runner was killed, and the dead one writes nothing more", async () => {
    const job = await made({ kind: "run_export", day: "2026-11-19" });
    const dead = await db.database.transaction((tx) => claimJob(tx, 30_000));
    expect(dead?.id).toBe(job.id);
    expect(await runJobOnce(deps)).toBe(false);
    await db.database.transaction(
      (tx) =>
        tx`update jobs set claimed_until = clock_timestamp(), cursor = ${String(Date.UTC(2026, 10, 19, 23))} where id = ${job.id}`,
    );
    await runAll();
    expect((await look(job.id)).status).toBe("done");
    const rowsAfter = await db.database.read(
      (sql) => sql<{ claim: string }[]>`select claim::text as claim from jobs where id = ${job.id}`,
    );
    expect(rowsAfter[0]?.claim).toBe("2");
  });

  test("tells a callback of its end, signed, and again until it is taken", async () => {
    const calls: { headers: IncomingMessage["headers"]; body: string }[] = [];
    const server = createServer((req, res) => {
      let body = "";
      req.on("data", (chunk: Buffer) => (body += chunk.toString()));
      req.on("end", () => {
        calls.push({ headers: req.headers, body });
        res.writeHead(calls.length === 1 ? 503 : 204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/done`;
    const allow = (ranges: readonly string[]) =>
      db.database.transaction(
        (tx) =>
          tx`update config_versions set document = jsonb_set(document, '{egress,allow}', ${JSON.stringify(ranges)}::text::jsonb)`,
      );
    const refused = await post({ kind: "audit_export", callbackUrl: url });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain("callbackUrl");
    await allow(["127.0.0.0/8"]);
    const job = await made({ kind: "audit_export", callbackUrl: url });
    await runAll();
    await allow([]);
    const callback = { ...deps, secretBox: API_SECRET_BOX };
    expect(await sendCallbackOnce(callback)).toBe(true);
    expect((await look(job.id)).callback).toMatchObject({
      tries: 1,
      lastError: expect.stringContaining("blocked") as string,
    });
    expect(calls).toHaveLength(0);
    await allow(["127.0.0.0/8"]);
    const again = async (): Promise<void> => {
      await db.database.transaction((tx) =>
        tx`update jobs set callback_due_at = clock_timestamp() where id = ${job.id}`.then(() => undefined),
      );
      await sendCallbackOnce(callback);
    };
    await again();
    expect((await look(job.id)).callback).toMatchObject({ lastError: "answered 503" });
    await again();
    expect((await look(job.id)).callback).toMatchObject({ lastError: null, nextTryAt: null });
    server.close();
    const [, taken] = calls;
    expect(JSON.parse(taken?.body ?? "")).toMatchObject({ type: "job.done", data: { id: job.id, status: "done" } });
    const { headers = {}, body = "" } = taken ?? {};
    const traces = calls.map((one) => String(one.headers.traceparent).split("-")[1]);
    expect(traces[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(traces).size).toBe(1);
    const secrets = [job.callbackSecret ?? ""];
    expect(verifyWebhook({ headers, body: Buffer.from(body), secrets, nowMs: Date.now() })).toBe(true);
  });
});
