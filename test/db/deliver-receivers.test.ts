import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { postJson } from "#lib/egress/post.ts";
import type { Dispatcher } from "#lib/engine/deliver.ts";
import { createDispatcher } from "#lib/engine/deliver.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { HostileServer } from "#test/support/hostile-servers.ts";
import { HOSTILE_SERVERS, listen, TEST_CA } from "#test/support/hostile-servers.ts";
import type { Behaviour, Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint, START } from "./deliver-world.ts";

/**
 * What receivers may do, each against an endpoint of its own: an event is attempted at once, once more when it is due, and
 * a last time when the window of 72 h has ended.
 */

/** In order: seconds until the second attempt, and what the delivery ends as. */
type Expected = {
  readonly againAfterS: number | null;
  readonly state: "delivered" | "dead";
  readonly attempts: number;
};
type Case = { readonly name: string; readonly url: string; readonly expected: Expected; readonly error?: RegExp };

const DELIVERED: Expected = { againAfterS: null, state: "delivered", attempts: 1 };
const GIVEN_UP: Expected = { againAfterS: 5, state: "dead", attempts: 3 };
const later = (againAfterS: number): Expected => ({ ...GIVEN_UP, againAfterS });
const httpDate = (atMs: number): string => new Date(atMs).toUTCString();

const STATUSES: readonly { name: string; behaviour: Behaviour; expected: Expected; error?: RegExp }[] = [
  ...[200, 201, 202, 204, 299].map((status) => ({
    name: `${status}`,
    behaviour: answer(status),
    expected: DELIVERED,
  })),
  ...[300, 301, 302, 303, 307, 308].map((status) => ({
    name: `${status} to where nobody may go`,
    behaviour: answer(status, { location: "http://169.254.169.254/latest/meta-data" }),
    expected: GIVEN_UP,
    error: /redirects are not followed/,
  })),
  { name: "302 to itself", behaviour: answer(302, { location: "/" }), expected: GIVEN_UP, error: /not followed/ },
  ...[400, 401, 403, 404, 408, 409, 413, 422, 429, 499].map((status) => ({
    name: `${status}`,
    behaviour: answer(status),
    expected: GIVEN_UP,
    error: new RegExp(`${status}`),
  })),
  ...[500, 502, 503, 504, 599].map((status) => ({
    name: `${status}`,
    behaviour: answer(status),
    expected: GIVEN_UP,
    error: new RegExp(`${status}`),
  })),
  { name: "410", behaviour: answer(410), expected: { againAfterS: null, state: "dead", attempts: 1 }, error: /410/ },
  ...[503].flatMap((status) => [
    { name: `${status}, again in 2 s`, behaviour: answer(status, { "retry-after": "2" }), expected: later(5) },
    { name: `${status}, again in 120 s`, behaviour: answer(status, { "retry-after": "120" }), expected: later(120) },
    {
      name: `${status}, again at a date in 10 min`,
      behaviour: answer(status, { "retry-after": httpDate(START + 10 * MINUTE_MS) }),
      expected: later(600),
    },
    {
      name: `${status}, again at a date that is over`,
      behaviour: answer(status, { "retry-after": httpDate(START - HOUR_MS) }),
      expected: later(5),
    },
    {
      name: `${status}, again in 30 years`,
      behaviour: answer(status, { "retry-after": "999999999" }),
      expected: later(6 * 3_600),
    },
    {
      name: `${status}, again in more seconds than there are`,
      behaviour: answer(status, { "retry-after": "9".repeat(400) }),
      expected: later(6 * 3_600),
    },
    { name: `${status}, again in -5 s`, behaviour: answer(status, { "retry-after": "-5" }), expected: later(5) },
    { name: `${status}, again soon`, behaviour: answer(status, { "retry-after": "soon" }), expected: later(5) },
  ]),
  { name: "200, again in an hour", behaviour: answer(200, { "retry-after": "3600" }), expected: DELIVERED },
];

/** A head with 2xx came in time: the event arrived, whatever becomes of the body. */
const HEAD_IS_ENOUGH = new Set<HostileServer["expected"]>(["ok", "too_large", "decode_error"]);
/** Faults of the head, although a body of the same class would not matter. */
const HEAD_FAULTS = /head over the cap|endless headers?$|too many tiny headers/;
const BODY_FAULTS = /body|chunk|trailer/;

const ofHostile = ({ name, expected }: HostileServer): Expected => {
  if (HEAD_FAULTS.test(name) || expected === "bad_status") return GIVEN_UP;
  return HEAD_IS_ENOUGH.has(expected) || BODY_FAULTS.test(name) ? DELIVERED : GIVEN_UP;
};
/** All faults, but of the many odd answers and odd heads only some: what they stand for is tested with the client itself. */
const HOSTILE = HOSTILE_SERVERS.filter(({ method }) => method === undefined).filter(
  ({ expected }, index) => (expected !== "ok" && expected !== "protocol_error") || index % 8 === 0,
);

let world: DeliverWorld;
let dispatcher: Dispatcher;
let cases: readonly Case[] = [];
const closers: (() => Promise<void>)[] = [];
const asked = new Map<string, number>();

/** Names that move: where they lead on the first, the second and every later question. */
const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "moves-inside.example.org": [["127.0.0.1"], ["10.1.2.3"], ["10.1.2.3"]],
  "moves-back.example.org": [["169.254.169.254"], ["127.0.0.1"]],
  "half-inside.example.org": [["127.0.0.1", "10.1.2.3"]],
  "inside.example.org": [["::ffff:10.0.0.1"]],
};
const resolver = (name: string): Promise<readonly string[]> => {
  const answers = NAMES[name];
  const count = asked.get(name) ?? 0;
  asked.set(name, count + 1);
  const found = answers?.[Math.min(count, answers.length - 1)];
  if (found !== undefined) return Promise.resolve(found);
  return Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }));
};

const moving = (receiver: Receiver): readonly Case[] => {
  const { port } = new URL(receiver.url);
  const at = (name: string): string => `http://${name}:${port}/hook`;
  return [
    { name: "a name that is gone", url: at("gone.example.org"), expected: GIVEN_UP, error: /dns|ENOTFOUND/ },
    { name: "a name that moves inside", url: at("moves-inside.example.org"), expected: GIVEN_UP, error: /blocked/ },
    {
      name: "a name that was inside and moves out",
      url: at("moves-back.example.org"),
      expected: { againAfterS: 5, state: "delivered", attempts: 2 },
    },
    {
      name: "a name with one address inside",
      url: at("half-inside.example.org"),
      expected: GIVEN_UP,
      error: /blocked/,
    },
    { name: "a name that is mapped inside", url: at("inside.example.org"), expected: GIVEN_UP, error: /blocked/ },
    { name: "an address inside", url: `http://10.1.2.3:${port}/`, expected: GIVEN_UP, error: /blocked/ },
    { name: "a closed port", url: "http://127.0.0.1:9/", expected: GIVEN_UP, error: /connect_refused|blocked/ },
  ];
};

const startCases = async (): Promise<readonly Case[]> => {
  const started: Case[] = [];
  for (const { name, behaviour, expected, error } of STATUSES) {
    const receiver = await startReceiver(behaviour);
    closers.push(receiver.close);
    started.push({ name, url: receiver.url, expected, ...(error === undefined ? {} : { error }) });
  }
  for (const hostile of HOSTILE) {
    const { url, close } = await listen(hostile);
    closers.push(close);
    started.push({ name: `a receiver that ${hostile.name}`, url, expected: ofHostile(hostile) });
  }
  const receiver = await startReceiver((response, _request, count) => {
    response.writeHead(count === 1 ? 500 : 200).end();
  });
  closers.push(receiver.close);
  return [...started, ...moving(receiver)];
};

const idOf = (index: number): string => `r-${String(index).padStart(3, "0")}`;
type Row = Awaited<ReturnType<DeliverWorld["deliveries"]>>[number];
let first: readonly Row[] = [];
let last: readonly Row[] = [];

beforeAll(async () => {
  cases = await startCases();
  world = await deliverWorld(
    cases.map(({ url }, index) => ({ ...endpoint(idOf(index), url, 700), events: ["incident.opened"] })),
  );
  dispatcher = createDispatcher(
    world.deps({
      post: (request) =>
        postJson({
          ...request,
          allow: ["127.0.0.1"],
          maxResponseBytes: 16_384,
          clock: systemClock,
          caPem: TEST_CA,
          resolver,
        }),
    }),
  );
  await world.record("to all");
  await world.deliverAll(dispatcher);
  first = await world.deliveries();
  world.clock.jump(6 * HOUR_MS);
  await world.deliverAll(dispatcher);
  world.clock.jump(67 * HOUR_MS);
  await world.deliverAll(dispatcher);
  last = await world.deliveries();
}, 120_000);
afterAll(async () => {
  await dispatcher.settled();
  await world.drop();
  await Promise.all(closers.map((close) => close()));
});

describe("every behaviour of a receiver has its outcome", () => {
  test("there are many of them", () => {
    expect(cases.length).toBeGreaterThan(80);
  });

  test("the first attempt decides when the next one is due", () => {
    const found = cases.map(({ name }, index) => {
      const row = first[index] as Row;
      return [name, row.state === "pending" ? (row.due.getTime() - START) / SECOND_MS : null];
    });
    expect(found).toEqual(cases.map(({ name, expected }) => [name, expected.againAfterS]));
  });

  test("attempts and final state are those of the table", () => {
    const found = cases.map(({ name }, index) => [name, (last[index] as Row).state, (last[index] as Row).attempts]);
    expect(found).toEqual(cases.map(({ name, expected }) => [name, expected.state, expected.attempts]));
  });

  test("what was given up says why", () => {
    const odd = cases.filter(({ expected, error }, index) => {
      const text = (last[index] as Row).error;
      return expected.state === "dead" ? text === null || (error !== undefined && !error.test(text)) : text !== null;
    });
    expect(odd).toEqual([]);
  });
});
