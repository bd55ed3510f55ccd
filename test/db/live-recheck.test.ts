import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { revokeKey } from "#lib/commands/api-keys/end-key.ts";
import { findSession, revokeSession } from "#lib/commands/sessions.ts";
import { consumeSignInLink, createSignInLink } from "#lib/commands/sign-in.ts";
import { principalOf } from "#lib/read/require-session.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { mayGoOn } from "#lib/web/api/caller.ts";
import { createEventStream } from "#lib/web/event-stream.ts";
import type { Exchange } from "#lib/web/http/exchange.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import { makeApiKey } from "./api-world.ts";

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const EVENTS = { scope: "events:read" } as const;

test("who is asked whether they may go on: a revoked key may not, nor a person who signed out", async () => {
  const { database } = db;
  const now = systemClock.now();
  const context = {
    ...{ database, clock: systemClock, findMachine: async () => null },
    findSession: (token: string) => findSession(database, { token, now }),
  };
  const key = await makeApiKey(db, ["events:read"]);
  const req = { headers: { authorization: `Bearer ${key.token}` } } as IncomingMessage;
  expect(await mayGoOn(context, EVENTS, req)).toBe(true);
  await database.transaction((tx) => revokeKey(tx, { id: key.id, actor: "cli", now }));
  expect(await mayGoOn(context, EVENTS, req)).toBe(false);

  const link = await createSignInLink(database, { now, randomBytes, actor: "cli" });
  const { token } = await consumeSignInLink(database, { token: link.token, now, randomBytes, userAgent: null });
  const session = await findSession(database, { token, now });
  if (session === null) throw new Error("the session is not there");
  const asUser = { principal: principalOf(session), token };
  expect(await mayGoOn({ ...context, asUser }, EVENTS, req)).toBe(true);
  await revokeSession(database, { token, now, actor: "session" });
  expect(await mayGoOn({ ...context, asUser }, EVENTS, req)).toBe(false);
});

test("a stream ends within a minute once it is no longer allowed, and another goes on", async () => {
  const clock = createFakeClock(systemClock.now());
  const stopping = new AbortController();
  const stream = createEventStream({ database: db.database, clock, log: silentLogger, signal: stopping.signal });
  const server = createServer((req, res) => {
    const isAllowed = async (): Promise<boolean> => req.url === "/good";
    const request = { callerId: req.url ?? "", wants: () => true, lastEventId: null, opening: "", isAllowed };
    void stream.open({ req, res, requestId: "one" } as Exchange, request);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ended = { "/good": false, "/bad": false };
  for (const path of ["/good", "/bad"] as const)
    get({ port, path, agent: false }, (answer) => answer.resume().on("end", () => (ended[path] = true)));
  await clock.advance(55_000);
  expect(ended).toEqual({ "/good": false, "/bad": false });
  await waitFor("the end of the stream", async () => {
    await clock.advance(1_000);
    return ended["/bad"];
  });
  expect(ended["/good"]).toBe(false);
  stopping.abort();
  stream.stop();
  server.closeAllConnections();
  server.close();
});
