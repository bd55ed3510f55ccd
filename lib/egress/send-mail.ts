import type { Socket } from "node:net";
import { createTransport } from "nodemailer";
import type { AttemptOutcome } from "#lib/core/delivery/judge-answer.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import { converse } from "./converse.ts";
import type { Resolver } from "./resolve-target.ts";

/** A mail server: `smtps` speaks TLS from the first byte, `smtp` upgrades with STARTTLS before anything secret is said. */
export type MailServer = {
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls" | "none";
  readonly username: string | null;
  readonly password: string | null;
};

export type Mail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  /** The message that began the thread; null for that message itself. */
  readonly inReplyTo: string | null;
  /** The first messages of all threads that it belongs to, without itself. */
  readonly references: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
};

export type SendMailArgs = {
  readonly server: MailServer;
  readonly mail: Mail;
  readonly timeoutMs: number;
  readonly allow: AllowList;
  readonly resolver?: Resolver;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem?: string;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, "monotonicMs">;
};

type Reply = {
  readonly outcome: AttemptOutcome;
  readonly reply: string | null;
  /** The reply code of a refusal, and whether the server said it of the recipient. Left out: there was none. */
  readonly refusal?: { readonly code: number; readonly isOfRecipient: boolean };
};

/**
 * What a reply code of SMTP means (RFC 5321, 4.2.1): 4xx is for now, 5xx for this message for ever. A refused sign-in is
 * mended by people, so it is tried again; 550 and 551 say that the mailbox does not exist.
 */
export const judgeReplyCode = (code: number): AttemptOutcome => {
  const reason = `the mail server answered ${code}`;
  if (code >= 200 && code <= 399) return { kind: "accepted" };
  if (code === 530 || code === 534 || code === 535 || code === 538 || code < 500) {
    return { kind: "try_later", reason, retryAfterMs: null };
  }
  return { kind: "undeliverable", reason };
};

type SmtpError = {
  readonly responseCode?: number;
  readonly response?: string;
  readonly code?: string;
  readonly command?: string;
};

/** Commands that name this message: what is refused before them is the fault of the settings, which people mend. */
const OF_THE_MESSAGE = /^(?:MAIL FROM|RCPT TO|DATA)/;

const replyOfError = (error: unknown): Reply => {
  const { responseCode, response, code, command } = (error ?? {}) as SmtpError;
  if (typeof responseCode === "number") {
    const judged = judgeReplyCode(responseCode);
    const isLater = judged.kind === "undeliverable" && !OF_THE_MESSAGE.test(command ?? "");
    const outcome = isLater ? ({ ...judged, kind: "try_later", retryAfterMs: null } as const) : judged;
    const refusal = { code: responseCode, isOfRecipient: (command ?? "").startsWith("RCPT TO") };
    return { outcome, reply: response ?? null, refusal };
  }
  // The message may quote the address or the credentials; the code names the kind of fault.
  const reason = `the mail server could not be talked to (${/^[A-Z]+$/.test(code ?? "") ? code : "unknown"})`;
  return { outcome: { kind: "try_later", reason, retryAfterMs: null }, reply: null };
};

const talkSmtp = async (socket: Socket, { server, mail, timeoutMs, caPem }: SendMailArgs): Promise<Reply> => {
  const { host, port, security, username, password } = server;
  // Nothing that the server says may be lost before the client listens; the client lets it flow again.
  socket.pause();
  const transport = createTransport({
    connection: socket,
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(username === null ? {} : { auth: { user: username, pass: password ?? "" } }),
    tls: { ...(caPem === undefined ? {} : { ca: caPem }) },
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { messageId, inReplyTo, references, headers, ...rest } = mail;
    const thread = {
      ...(inReplyTo === null ? {} : { inReplyTo }),
      ...(references.length === 0 ? {} : { references: [...references] }),
    };
    const sent = await transport.sendMail({ ...rest, to: [...mail.to], messageId, ...thread, headers });
    const refused = sent.rejected.length;
    const reply =
      refused === 0 ? sent.response : `${sent.response} (${refused} of ${mail.to.length} recipients refused)`;
    return { outcome: { kind: "accepted" }, reply };
  } catch (error) {
    return replyOfError(error);
  } finally {
    transport.close();
  }
};

/**
 * Sends one mail over a connection to a checked address. Never throws for what the server did; resolves within the
 * deadline with nothing open.
 */
export const sendMail = async (args: SendMailArgs): Promise<Reply> => {
  const { host, port } = args.server;
  const { result } = await converse<Reply>({ ...args, host, port, tls: null }, ({ socket, done }) => {
    void talkSmtp(socket, args).then(done);
  });
  if (result.kind === "done") return result.value;
  const outcome = { kind: "try_later", reason: `${result.class}: ${result.detail}`, retryAfterMs: null } as const;
  return { outcome, reply: null };
};
