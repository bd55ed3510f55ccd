import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { DnsProbeDefinition, DnsRecord } from "#lib/core/definitions.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { durationMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { DnsServer, ServeDns } from "#test/support/dns-server.ts";
import { answerTo, DATA, record, startDnsServer, wireName } from "#test/support/dns-server.ts";
import { TEST_CA } from "#test/support/hostile-servers.ts";
import type { CheckDeps } from "./check.ts";
import { checkDns } from "./dns.ts";

const deps: CheckDeps = {
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
  allow: ["127.0.0.1/32"],
  caPem: TEST_CA,
};

const probe = (port: number, changes: Partial<DnsProbeDefinition> = {}): DnsProbeDefinition => ({
  type: "dns",
  id: "zone",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(3_000),
  locations: ["fra"],
  name: "example.com",
  record: "A",
  host: "127.0.0.1",
  port,
  transport: "udp",
  expect: { rcode: "NOERROR", answers: null },
  assertions: [],
  ...changes,
});

let server: DnsServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const ask = async (serve: ServeDns, changes: Partial<DnsProbeDefinition> = {}, certificate?: string) => {
  server = await startDnsServer(serve, certificate);
  const { outcome, traceId } = await checkDns(probe(server.port, changes), deps);
  expect(traceId).toBeNull();
  return outcome;
};

const one: ServeDns = (query, reply) => reply(answerTo(query, { records: [record("A", DATA.A("93.184.216.34"))] }));

describe("records of every type are read over every transport", () => {
  const kinds: readonly [DnsRecord, Buffer, string][] = [
    ["A", DATA.A("93.184.216.34"), "93.184.216.34"],
    ["AAAA", DATA.AAAA("20010db8"), "2001:db8::"],
    ["CNAME", DATA.name("Edge.Example.NET"), "edge.example.net"],
    ["NS", DATA.name("ns1.example.com"), "ns1.example.com"],
    ["MX", DATA.MX(10, "mx1.example.com"), "10 mx1.example.com"],
    ["TXT", DATA.TXT("v=spf1 ", "-all"), "v=spf1 -all"],
    ["SRV", DATA.SRV(1, 2, 443, "api.example.com"), "1 2 443 api.example.com"],
  ];
  for (const transport of ["udp", "tcp", "tls"] as const) {
    test.each(kinds)(`%s over ${transport}`, async (type, data, text) => {
      const serve: ServeDns = (query, reply) => reply(answerTo(query, { records: [record(type, data)] }));
      const expected = { rcode: "NOERROR", answers: [text] } as const;
      const outcome = await ask(
        serve,
        { record: type, transport, expect: expected },
        transport === "tls" ? "good" : undefined,
      );
      expect(outcome).toMatchObject({ class: "ok", detail: null, address: "127.0.0.1", httpStatus: null });
      expect(outcome.certificateExpiresAt === null).toBe(transport !== "tls");
    });
  }
});

describe("what an answer says is judged", () => {
  const cases: readonly [string, ServeDns, Partial<DnsProbeDefinition>, OutcomeClass, RegExp | null][] = [
    ["a name that does not exist", (q, r) => r(answerTo(q, { rcode: 3 })), {}, "bad_status", /NXDOMAIN/],
    ["a server that failed", (q, r) => r(answerTo(q, { rcode: 2 })), {}, "bad_status", /SERVFAIL/],
    [
      "a refusal without the question",
      (q, r) => r(answerTo(q, { rcode: 5, question: null })),
      {},
      "bad_status",
      /REFUSED/,
    ],
    ["a code without a name", (q, r) => r(answerTo(q, { rcode: 9 })), {}, "bad_status", /RCODE 9/],
    [
      "a name that must not exist",
      (q, r) => r(answerTo(q, { rcode: 3 })),
      { expect: { rcode: "NXDOMAIN", answers: null } },
      "ok",
      null,
    ],
    ["a name without a record of the type", (q, r) => r(answerTo(q)), {}, "body_mismatch", /answers: none/],
    [
      "no record where none is due",
      (q, r) => r(answerTo(q)),
      { expect: { rcode: "NOERROR", answers: [] } },
      "ok",
      null,
    ],
    ["a record where none is due", one, { expect: { rcode: "NOERROR", answers: [] } }, "body_mismatch", /93\.184/],
    [
      "another address than the one due",
      one,
      { expect: { rcode: "NOERROR", answers: ["93.184.216.35"] } },
      "body_mismatch",
      /93\.184\.216\.34/,
    ],
    [
      "an address behind two aliases",
      (q, r) =>
        r(
          answerTo(q, {
            records: [
              record("CNAME", DATA.name("a.example.net")),
              record("CNAME", DATA.name("b.example.org"), wireName("A.example.net")),
              record("A", DATA.A("192.0.2.7"), wireName("b.example.org")),
            ],
          }),
        ),
      { expect: { rcode: "NOERROR", answers: ["192.0.2.7"] } },
      "ok",
      null,
    ],
    [
      "an address of a name nobody asked for",
      (q, r) => r(answerTo(q, { records: [record("A", DATA.A("192.0.2.7"), wireName("evil.example"))] })),
      {},
      "body_mismatch",
      /none/,
    ],
    ["a slow server", one, { assertions: [{ type: "latency", op: "lt", valueMs: durationMs(0) }] }, "slow", /latency/],
  ];
  test.each(cases)("%s", async (_name, serve, changes, expected, detail) => {
    const outcome = await ask(serve, changes);
    expect(outcome.class).toBe(expected);
    if (detail === null) expect(outcome.detail).toBeNull();
    else expect(outcome.detail).toMatch(detail);
    expect(outcome.failures.length > 0).toBe(expected !== "ok");
  });
});

describe("a hostile server is an outcome", () => {
  const short = { timeoutMs: durationMs(300) };
  const cases: readonly [string, ServeDns, Partial<DnsProbeDefinition>, OutcomeClass, RegExp][] = [
    ["that says nothing", () => undefined, short, "timeout", /first_byte/],
    ["that says nothing over TCP", () => undefined, { ...short, transport: "tcp" }, "timeout", /first_byte/],
    [
      "whose answers have another id",
      (q, r) => r(answerTo(q, { id: q.readUInt16BE() ^ 1 })),
      short,
      "timeout",
      /first_byte/,
    ],
    [
      "whose answers have another question",
      (q, r) => r(answerTo(q, { question: Buffer.concat([wireName("evil.example"), Buffer.from([0, 1, 0, 1])]) })),
      short,
      "timeout",
      /first_byte/,
    ],
    [
      "whose answer over TCP has another id",
      (q, r) => r(answerTo(q, { id: q.readUInt16BE() ^ 1 })),
      { transport: "tcp" },
      "protocol_error",
      /another question/,
    ],
    [
      "that sends garbage",
      (q, r) => r(Buffer.concat([q.subarray(0, 2), Buffer.alloc(3, 0xff)])),
      {},
      "protocol_error",
      /cut short/,
    ],
    ["that echoes the query", (q, r) => r(q), {}, "protocol_error", /not an answer/],
    [
      "whose names point at themselves",
      (q, r) => r(answerTo(q, { records: [record("CNAME", Buffer.from([0xc0, q.length + 12]))] })),
      { record: "CNAME" },
      "protocol_error",
      /compression loop/,
    ],
    [
      "whose names point ahead",
      (q, r) => r(answerTo(q, { records: [record("A", DATA.A("1.2.3.4"), Buffer.from([0xff, 0xff]))] })),
      {},
      "protocol_error",
      /compression loop/,
    ],
    [
      "that announces more records than it sends",
      (q, r) => r(answerTo(q, { count: 65_535, records: [record("A", DATA.A("1.2.3.4"))] })),
      {},
      "protocol_error",
      /cut short/,
    ],
    [
      "whose address has five bytes",
      (q, r) => r(answerTo(q, { records: [record("A", Buffer.from([1, 2, 3, 4, 5]))] })),
      {},
      "protocol_error",
      /wrong length/,
    ],
    [
      "whose label is of an unknown kind",
      (q, r) => r(answerTo(q, { records: [record("A", DATA.A("1.2.3.4"), Buffer.from([0x41, 0]))] })),
      {},
      "protocol_error",
      /kind of label/,
    ],
    [
      "whose answer over TCP is truncated",
      (q, r) => r(answerTo(q, { flags: 0x0200 })),
      { transport: "tcp" },
      "protocol_error",
      /truncated over TCP/,
    ],
  ];
  test.each(cases)("%s", async (_name, serve, changes, expected, detail) => {
    const outcome = await ask(serve, changes);
    expect(outcome.class).toBe(expected);
    expect(outcome.detail).toMatch(detail);
  });

  test("forged answers before the right one change nothing", async () => {
    const outcome = await ask((query, reply) => {
      reply(answerTo(query, { id: query.readUInt16BE() ^ 0xffff, records: [record("A", DATA.A("6.6.6.6"))] }));
      one(query, reply, "udp");
    });
    expect(outcome.class).toBe("ok");
  });

  test("an answer that is cut short over UDP is asked for again over TCP", async () => {
    const seen: string[] = [];
    const outcome = await ask((query, reply, over) => {
      seen.push(over);
      if (over === "udp") reply(answerTo(query, { flags: 0x0200 }));
      else one(query, reply, over);
    });
    expect(outcome.class).toBe("ok");
    expect(seen).toEqual(["udp", "stream"]);
    expect(outcome.phasesUs.connect).not.toBeNull();
  });

  test("a question that got lost is asked again", async () => {
    let questions = 0;
    const outcome = await ask((query, reply, over) => {
      questions += 1;
      if (questions === 2) one(query, reply, over);
    });
    expect(outcome.class).toBe("ok");
    expect(outcome.durationUs).toBeGreaterThan(900_000);
  });

  test("a certificate for somebody else is a fault of TLS", async () => {
    const outcome = await ask(one, { transport: "tls" }, "wrong-host");
    expect(outcome).toMatchObject({ class: "tls_error", detail: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  test("a port that nobody listens on refuses", async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    socket.close();
    await once(socket, "close");
    const { outcome } = await checkDns(probe(port), deps);
    expect(outcome).toMatchObject({ class: "connect_refused", detail: "ECONNREFUSED" });
  });
});
