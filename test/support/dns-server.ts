import type { Socket as UdpSocket } from "node:dgram";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import type { DnsRecord } from "#lib/core/definitions.ts";

const TYPE_CODES: Readonly<Record<DnsRecord, number>> = { A: 1, NS: 2, CNAME: 5, MX: 15, TXT: 16, AAAA: 28, SRV: 33 };
const HEADER_BYTES = 12;

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
export const wireName = (name: string): Buffer =>
  Buffer.concat([
    ...name.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
    Buffer.from([0]),
  ]);
/** A pointer to the name of the question. */
export const TO_QUESTION = Buffer.from([0xc0, HEADER_BYTES]);

/** The data of records as bytes. */
export const DATA = {
  A: (address: string) => Buffer.from(address.split(".").map(Number)),
  AAAA: (hex: string) => Buffer.from(hex.padEnd(32, "0"), "hex"),
  name: wireName,
  MX: (preference: number, name: string) => Buffer.concat([uint16(preference), wireName(name)]),
  SRV: (priority: number, weight: number, port: number, name: string) =>
    Buffer.concat([uint16(priority), uint16(weight), uint16(port), wireName(name)]),
  TXT: (...texts: string[]) => Buffer.concat(texts.flatMap((text) => [Buffer.from([text.length]), Buffer.from(text)])),
};

export const record = (type: DnsRecord | number, data: Buffer, owner: Buffer = TO_QUESTION): Buffer =>
  Buffer.concat([
    owner,
    uint16(typeof type === "number" ? type : TYPE_CODES[type]),
    uint16(1),
    Buffer.from([0, 0, 0, 60]),
    uint16(data.length),
    data,
  ]);

type AnswerArgs = {
  readonly records?: readonly Buffer[];
  readonly rcode?: number;
  /** Added to the flags of an ordinary answer; 0x0200 is "truncated". */
  readonly flags?: number;
  readonly id?: number;
  readonly question?: Buffer | null;
  readonly count?: number;
};

/** An answer to a query as a server would send it, with whatever fault is asked for. */
export const answerTo = (query: Buffer, args: AnswerArgs = {}): Buffer => {
  const { records = [], rcode = 0, flags = 0, question = query.subarray(HEADER_BYTES) } = args;
  return Buffer.concat([
    uint16(args.id ?? query.readUInt16BE()),
    uint16(0x8180 | flags | rcode),
    uint16(question === null ? 0 : 1),
    uint16(args.count ?? records.length),
    Buffer.from([0, 0, 0, 0]),
    question ?? Buffer.alloc(0),
    ...records,
  ]);
};

/** What a server does with a query; `reply` may be called any number of times. */
export type ServeDns = (query: Buffer, reply: (answer: Buffer) => void, over: "udp" | "stream") => void;

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)), "utf8");

const serveStream =
  (serve: ServeDns) =>
  (socket: Socket): void => {
    let received = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes as Buffer]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return;
      const query = received.subarray(2, 2 + received.readUInt16BE());
      serve(query, (answer) => socket.write(Buffer.concat([uint16(answer.length), answer])), "stream");
    });
  };

export type DnsServer = { readonly port: number; readonly close: () => Promise<void> };

const closeStream = async (server: Server, sockets: ReadonlySet<Socket>): Promise<void> => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, "close");
};

const closeUdp = async (socket: UdpSocket): Promise<void> => {
  socket.close();
  await once(socket, "close");
};

/** A name server on 127.0.0.1: UDP and TCP on one port, or DNS over TLS with the certificate of a fixture. */
export const startDnsServer = async (serve: ServeDns, certificate?: string): Promise<DnsServer> => {
  const stream =
    certificate === undefined
      ? createServer(serveStream(serve))
      : createTlsServer({ cert: fixture(certificate), key: fixture(`${certificate}.key`) }, serveStream(serve));
  const sockets = new Set<Socket>();
  stream.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  stream.on("tlsClientError", () => undefined);
  stream.listen(0, "127.0.0.1");
  await once(stream, "listening");
  const { port } = stream.address() as AddressInfo;
  const udp = createSocket("udp4", (query, from) =>
    serve(query, (answer) => udp.send(answer, from.port, from.address), "udp"),
  );
  udp.bind(port, "127.0.0.1");
  try {
    await once(udp, "listening");
  } catch {
    // The number was free for TCP only: another one is taken.
    await closeStream(stream, sockets);
    return startDnsServer(serve, certificate);
  }
  return { port, close: async () => void (await Promise.all([closeStream(stream, sockets), closeUdp(udp)])) };
};
