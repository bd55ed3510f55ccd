import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { headerOf, refusal, startMailServer } from "#test/support/mail-server.ts";
import type { RawServer } from "#test/support/raw-server.ts";
import { pemOf, startRawServer } from "#test/support/raw-server.ts";
import type { Mail, MailServer } from "./send-mail.ts";
import { judgeReplyCode, sendMail } from "./send-mail.ts";

const PASSWORD = "C4n4ry-password";
const open: (TestMailServer | RawServer)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
const start = async (options: Parameters<typeof startMailServer>[0] = {}): Promise<TestMailServer> => {
  const server = await startMailServer(options);
  open.push(server);
  return server;
};

const MAIL: Mail = {
  from: "Nines <nines@example.com>",
  to: ["oncall@example.com", "boss@example.com"],
  subject: "Shop API: availability, alert",
  text: "It burns.\n",
  html: "<p>It burns.</p>",
  messageId: "<alt_1@example.com>",
  inReplyTo: null,
  references: [],
  headers: { "Auto-Submitted": "auto-generated" },
};

const send = (port: number, server: Partial<MailServer> = {}, mail: Partial<Mail> = {}, timeoutMs = 3_000) =>
  sendMail({
    server: { host: "target.example", port, security: "none", username: null, password: null, ...server },
    mail: { ...MAIL, ...mail },
    timeoutMs,
    allow: ["127.0.0.1", "target.example"],
    resolver: async () => ["127.0.0.1"],
    caPem: pemOf("ca"),
    signal: new AbortController().signal,
    clock: systemClock,
  });
const SIGNED_IN = { username: "nines", password: PASSWORD } as const;

describe("a mail arrives", () => {
  test.each([
    { name: "over TLS", options: { secure: true }, security: "tls" as const, isSecure: true },
    { name: "over STARTTLS", options: {}, security: "starttls" as const, isSecure: true },
    {
      name: "in clear when that is wanted",
      options: { hideSTARTTLS: true, allowInsecureAuth: true },
      security: "none" as const,
      isSecure: false,
    },
  ])("$name, signed in", async ({ options, security, isSecure }) => {
    const server = await start({ ...options, password: PASSWORD });
    const { outcome, reply } = await send(server.port, { security, ...SIGNED_IN });
    expect(outcome).toEqual({ kind: "accepted" });
    expect(reply).toMatch(/^250 /);
    expect(server.received).toMatchObject([
      { from: "nines@example.com", to: ["oncall@example.com", "boss@example.com"], user: "nines", isSecure },
    ]);
    const [{ source } = { source: "" }] = server.received;
    expect(source).toContain("It burns.");
    expect(headerOf(source, "message-id")).toBe("<alt_1@example.com>");
    expect(headerOf(source, "content-type")).toContain("multipart/alternative");
    expect(headerOf(source, "auto-submitted")).toBe("auto-generated");
  });

  test("in its thread", async () => {
    const server = await start();
    const thread = { messageId: "<evt_2@x>", inReplyTo: "<alt_1@x>", references: ["<alt_1@x>", "<alt_2@x>"] };
    await send(server.port, {}, thread);
    const source = server.received[0]?.source ?? "";
    expect(headerOf(source, "in-reply-to")).toBe("<alt_1@x>");
    expect(headerOf(source, "references")).toBe("<alt_1@x> <alt_2@x>");
  });

  test("without a header that a name smuggles in", async () => {
    const server = await start();
    const evil = "Shop\r\nBcc: victim@example.org\r\n\r\nbody";
    await send(server.port, {}, { subject: evil, text: evil });
    const { source, to } = server.received[0] ?? { source: "", to: [] };
    expect(to).toEqual(MAIL.to);
    expect(headerOf(source, "bcc")).toBeNull();
    expect(headerOf(source, "subject")).toContain("Shop");
  });

  test("when one of two recipients is refused, and the log says so", async () => {
    const server = await start({
      onRcptTo: ({ address }, _session, callback) =>
        callback(address.startsWith("boss") ? refusal(550, "no such user") : null),
    });
    const { outcome, reply } = await send(server.port);
    expect(outcome.kind).toBe("accepted");
    expect(reply).toContain("1 of 2 recipients refused");
  });
});

describe("what a server refuses", () => {
  test.each([
    { code: 421, kind: "try_later" },
    { code: 451, kind: "try_later" },
    { code: 550, kind: "undeliverable" },
    { code: 554, kind: "undeliverable" },
  ])("after the message with $code is $kind", async ({ code, kind }) => {
    const server = await start({
      onData: (stream, _session, callback) => {
        stream.on("data", () => undefined);
        stream.on("end", () => callback(refusal(code, `about ${PASSWORD}`)));
      },
    });
    const { outcome } = await send(server.port);
    expect(outcome.kind).toBe(kind);
    expect(JSON.stringify(outcome)).toContain(String(code));
    expect(JSON.stringify(outcome)).not.toContain(PASSWORD);
  });

  test("a wrong password is tried again: people mend it", async () => {
    const server = await start({ password: "another one" });
    const { outcome } = await send(server.port, { security: "starttls", ...SIGNED_IN });
    expect(outcome).toMatchObject({ kind: "try_later", reason: "the mail server answered 535" });
    expect(server.received).toHaveLength(0);
  });

  test("all recipients: the message is undeliverable", async () => {
    const server = await start({ onRcptTo: (_address, _session, callback) => callback(refusal(550, "no such user")) });
    expect((await send(server.port)).outcome.kind).toBe("undeliverable");
  });

  test("every code is decided", () => {
    for (let code = 200; code <= 599; code += 1) {
      const { kind } = judgeReplyCode(code);
      const permanent = code >= 500 && ![530, 534, 535, 538].includes(code);
      expect(kind).toBe(code < 400 ? "accepted" : permanent ? "undeliverable" : "try_later");
    }
  });
});

describe("nothing is said in clear", () => {
  test("to a server that does not offer STARTTLS", async () => {
    const server = await start({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true, password: PASSWORD });
    const { outcome } = await send(server.port, { security: "starttls", ...SIGNED_IN });
    expect(outcome.kind).toBe("try_later");
    expect(server.received).toHaveLength(0);
  });

  test.each(["untrusted", "wrong-host", "expired", "self-signed"])(
    "to a server whose certificate is %s",
    async (name) => {
      const certificate = { cert: pemOf(name), key: pemOf(`${name}.key`) };
      const server = await start({ ...certificate, password: PASSWORD });
      const tls = await start({ ...certificate, secure: true, password: PASSWORD });
      expect((await send(server.port, { security: "starttls", ...SIGNED_IN })).outcome.kind).toBe("try_later");
      expect((await send(tls.port, { security: "tls", ...SIGNED_IN })).outcome.kind).toBe("try_later");
      expect([...server.received, ...tls.received]).toHaveLength(0);
    },
  );
});

describe("the deadline holds", () => {
  test.each([
    { name: "a server that says nothing", serve: () => undefined },
    {
      name: "a server that says half a greeting",
      serve: (socket: { write: (text: string) => void }) => socket.write("220-"),
    },
    {
      name: "a server that greets and then says nothing",
      serve: (socket: { write: (text: string) => void }) => socket.write("220 hello\r\n"),
    },
  ])("with $name", async ({ serve }) => {
    const server = await startRawServer({ serve });
    open.push(server);
    const { outcome } = await send(server.port, {}, {}, 300);
    expect(outcome).toMatchObject({ kind: "try_later" });
    expect(JSON.stringify(outcome)).toMatch(/timeout|ETIMEDOUT|could not be talked to/);
  });

  test("with a server that hangs up, one that talks nonsense, and a closed port", async () => {
    const rude = await startRawServer({ serve: (socket) => void socket.end() });
    const odd = await startRawServer({ serve: (socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\n") });
    open.push(odd);
    for (const { port } of [rude, odd]) expect((await send(port, {}, {}, 1_000)).outcome.kind).toBe("try_later");
    await rude.close();
    expect((await send(rude.port, {}, {}, 1_000)).outcome.kind).toBe("try_later");
  });

  test("and an address that the policy refuses is never connected to", async () => {
    const server = await start();
    const { outcome } = await sendMail({
      server: { host: "target.example", port: server.port, security: "none", username: null, password: null },
      mail: MAIL,
      timeoutMs: 1_000,
      allow: [],
      resolver: async () => ["127.0.0.1"],
      signal: new AbortController().signal,
      clock: systemClock,
    });
    expect(outcome.kind).toBe("try_later");
    expect(server.received).toHaveLength(0);
  });
});
