import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readOpenExhaustions } from "#db/queries/budget-exhaustions.ts";
import { readSlos } from "#db/queries/config.ts";
import { revokeKey } from "#lib/commands/api-keys/end-key.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { BudgetResource } from "#lib/contracts/budget-resource.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { noteExhaustions } from "#lib/engine/alerts/note-exhaustions.ts";
import type { Evaluation, StoredReading } from "#lib/engine/evaluate/slo-track.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { ask, fillWithServices, makeApiKey } from "./api-world.ts";

let db: TestDatabase;
let site: TestSite;
let token: string;

beforeAll(async () => {
  db = await testDatabase();
  await fillWithServices(db);
  token = (await makeApiKey(db, ["events:read"])).token;
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

const tell = async (name: string, data: Record<string, unknown>, type = "alert.firing"): Promise<string> => {
  const now = systemClock.now();
  const event = {
    subject: name,
    dedupKey: `${name}-${randomBytes(4).toString("hex")}`,
    data,
    occurredAt: now,
    notify: [],
    now,
  };
  const made = await db.database.transaction((tx) => recordEvent(tx, { ...event, type: type as "alert.firing" }));
  return made?.eventId ?? "";
};

type Stream = {
  readonly text: () => string;
  readonly status: number;
  readonly isOver: () => boolean;
  readonly close: () => void;
};
const open = async (query = "", headers: Record<string, string> = {}, key = token): Promise<Stream> => {
  const stopping = new AbortController();
  const answer = await fetch(`${site.url}/v1/live${query}`, {
    headers: { authorization: `Bearer ${key}`, accept: "text/event-stream", ...headers },
    signal: stopping.signal,
  });
  let text = "";
  let isOver = false;
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk, { stream: true });
  };
  read()
    .catch(() => undefined)
    .finally(() => (isOver = true));
  return { text: () => text, status: answer.status, isOver: () => isOver, close: () => stopping.abort() };
};
const holds = (stream: Stream, part: string) => waitFor(part, () => stream.text().includes(part));

describe("the live stream", () => {
  test("begins with the states, then tells what happens, of the services that were named only", async () => {
    const [all, one] = [await open(), await open("?serviceId=svc-01")];
    await holds(all, "event: services");
    expect(all.text()).toContain("retry: 3000");
    expect(one.text()).not.toContain("svc-02");
    await tell("of-two", { serviceId: "svc-02" });
    const id = await tell("of-one", { serviceId: "svc-01" });
    await holds(one, `id: ${id}\nevent: alert.firing\ndata: {"serviceId": "svc-01"}\n\n`);
    await holds(all, "svc-02");
    expect(one.text()).not.toContain("svc-02");
    all.close();
    one.close();
  });

  test("goes on after the last event that was seen, without a hole, while more is recorded", async () => {
    const first = await tell("before", { n: 0 });
    const expected: string[] = [];
    for (let n = 0; n < 5; n += 1) expected.push(await tell("missed", { n }));
    const stream = await open("", { "last-event-id": first });
    for (let n = 5; n < 10; n += 1) expected.push(await tell("new", { n }));
    await holds(stream, expected.at(-1) ?? "");
    expect([...stream.text().matchAll(/^id: (\S+)$/gm)].map(([, id]) => id)).toEqual(expected);
    stream.close();
    const gap = await open("", { "last-event-id": "evt_00000000" });
    await holds(gap, "event: gap");
    gap.close();
  });

  test("is for keys with its scope, in its own format, and five at a time", async () => {
    expect((await ask(`${site.url}/v1/live`)).status).toBe(401);
    expect((await ask(`${site.url}/v1/live`, { token, headers: { accept: "application/json" } })).status).toBe(406);
    const key = await makeApiKey(db, ["events:read"]);
    const streams = [];
    for (let n = 0; n < 5; n += 1) streams.push(await open("", {}, key.token));
    const sixth = await ask(`${site.url}/v1/live`, { token: key.token, headers: { accept: "text/event-stream" } });
    expect(sixth.status).toBe(429);
    for (const stream of streams) stream.close();
    await db.database.transaction((tx) => revokeKey(tx, { id: key.id, actor: "cli", now: systemClock.now() }));
    expect((await ask(`${site.url}/v1/live`, { token: key.token })).status).toBe(401);
  });

  test("drops a reader that takes nothing, and goes on for the others", async () => {
    const { hostname, port } = new URL(site.url);
    const slow = connect(Number(port), hostname);
    let isClosed = false;
    slow.on("close", () => (isClosed = true)).on("error", () => undefined);
    slow.write(
      `GET /v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await new Promise((resolve) => slow.once("data", resolve));
    slow.pause();
    const other = await open();
    const bulk = "x".repeat(900_000);
    for (let n = 0; n < 30; n += 1) await tell("bulk", { bulk, n });
    const last = await tell("after", { n: "last" });
    await holds(other, last);
    slow.resume();
    await waitFor("the slow reader's end", () => isClosed);
    other.close();
  });
});

test("a HEAD of the stream is answered at once and follows nothing", async () => {
  const headers = { authorization: `Bearer ${token}` };
  for (let n = 0; n < 7; n += 1) {
    const answer = await fetch(`${site.url}/v1/live`, { method: "HEAD", headers, signal: AbortSignal.timeout(3_000) });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  }
});

test("a budget that is spent is told once, and again only after something of it was left", async () => {
  const [slo] = await db.database.read(readSlos);
  if (slo === undefined) throw new Error("there is no SLO");
  const note = (remaining: number | null, minute: number) => {
    const evaluation = { track: { slo }, through: minute as EpochMinute } as unknown as Evaluation;
    const reading = { budget: { remaining, consumed: 1.2, bad: 6, total: 100 } } as unknown as StoredReading;
    return db.database.transaction((tx) => noteExhaustions(tx, [{ evaluation, reading }], systemClock.now()));
  };
  const events = async () =>
    db.database.read(
      (sql) =>
        sql<
          { data: string }[]
        >`select data::text as data from events where type = 'slo.budget_exhausted' order by position`,
    );
  for (const [minute, remaining] of [0.2, 0, -0.1, null, -0.3].entries()) await note(remaining, 29_000_000 + minute);
  expect(await events()).toHaveLength(1);
  expect((await db.database.read(readOpenExhaustions)).has(slo.id)).toBe(true);
  await note(0.1, 29_000_010);
  expect((await db.database.read(readOpenExhaustions)).size).toBe(0);
  await note(-0.1, 29_000_011);
  const told = await events();
  expect(told).toHaveLength(2);
  expect(BudgetResource.parse(JSON.parse(told[1]?.data ?? ""))).toMatchObject({ id: slo.id, isExhausted: true });
});
