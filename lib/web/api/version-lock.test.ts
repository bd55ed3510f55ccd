import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { absentDatabase } from "#test/support/web-site.ts";
import { createRateLimiter } from "../http/rate-limiter.ts";
import { answerApi } from "./api.ts";
import { createApiGate } from "./gate.ts";
import type { ApiContext } from "./types.ts";
import { createVersions } from "./versions.ts";

/** A second version, made up: it renamed the field `release`, which the first one still has, to `version`. */
const versions = createVersions(
  ["2026-11-01", "2027-11-01"],
  [
    {
      version: "2027-11-01",
      back: {
        getMeta: (body) => {
          const { version, ...rest } = body as { version: string };
          return { release: version, ...rest };
        },
      },
    },
  ],
);

const clock = createFakeClock(Date.UTC(2027, 11, 1));
const locks: Readonly<Record<string, string>> = { key_old: "2026-11-01", key_new: "2027-11-01" };
const gate = createApiGate({
  settings: undefined,
  limiter: createRateLimiter({ clock, settle: () => Promise.resolve(new Map()) }),
  loadTerms: (id) => Promise.resolve({ apiVersion: locks[id] ?? "", tier: null }),
  clock,
  versions,
});

const server = createServer((req, res) => {
  const caller = String(req.headers["x-caller"] ?? "");
  const principal = { kind: "key" as const, id: caller, name: caller, scopes: [] };
  const exchange = {
    ...{ req, res, requestId: "r", traceId: "t", spanId: "s", parentSpanId: null, startedMs: 0, path: "/v1/meta" },
    route: "",
  };
  const database = { ...absentDatabase(), read: () => Promise.resolve(null as never) };
  const context = {
    ...{ database, clock, gate, version: "1.2.3", snapshot: () => null },
    ...(caller === "" ? {} : { asUser: { principal, token: "x" } }),
  } as unknown as ApiContext;
  answerApi(context, exchange, {
    segments: ["v1", "meta"],
    query: new URL(req.url ?? "/", "http://a").searchParams,
  }).catch(() => res.destroy());
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => server.close());

const ask = async (headers: Record<string, string>, query = "") => {
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/meta${query}`, { headers });
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, version: answer.headers.get("api-version"), body };
};

test("a key that is locked to the older of two versions gets its answers in the older form", async () => {
  const old = await ask({ "x-caller": "key_old" });
  expect(old).toMatchObject({ status: 200, version: "2026-11-01", body: { release: "1.2.3" } });
  expect(old.body).not.toHaveProperty("version");
  const young = await ask({ "x-caller": "key_new" });
  expect(young).toMatchObject({ version: "2027-11-01", body: { version: "1.2.3" } });
  expect(young.body).not.toHaveProperty("release");
});

test("a request may name another version than its key's, and who is nobody gets the newest", async () => {
  expect(await ask({ "x-caller": "key_old", "api-version": "2027-11-01" })).toMatchObject({
    body: { version: "1.2.3" },
  });
  expect(await ask({ "api-version": "2026-11-01" })).toMatchObject({
    version: "2026-11-01",
    body: { release: "1.2.3" },
  });
  expect(await ask({})).toMatchObject({ version: "2027-11-01", body: { version: "1.2.3" } });
  expect((await ask({ "api-version": "2020-01-01" })).status).toBe(400);
});
