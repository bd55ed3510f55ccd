import type { AddressInfo } from "node:net";
import type { SMTPServerOptions } from "smtp-server";
import { SMTPServer } from "smtp-server";
import { pemOf } from "./raw-server.ts";

export type ReceivedMail = {
  readonly from: string;
  readonly to: readonly string[];
  /** The whole message, headers and all. */
  readonly source: string;
  readonly user: string | null;
  readonly isSecure: boolean;
};

export type TestMailServer = {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  readonly close: () => Promise<void>;
};

/** An error that the server answers with a reply code. */
export const refusal = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });

/** A mail server on 127.0.0.1 with a certificate of the fixtures, that takes `nines` with the password given. */
export const startMailServer = async (
  options: SMTPServerOptions & { password?: string } = {},
): Promise<TestMailServer> => {
  const received: ReceivedMail[] = [];
  const { password, ...rest } = options;
  const server = new SMTPServer({
    cert: pemOf("good"),
    key: pemOf("good.key"),
    authOptional: password === undefined,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: (auth, _session, callback) =>
      auth.username === "nines" && auth.password === password
        ? callback(null, { user: auth.username })
        : callback(refusal(535, "5.7.8 no")),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString("utf8"),
          user: typeof session.user === "string" ? session.user : null,
          isSecure: session.secure,
        });
        callback();
      });
    },
    ...rest,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return { port, received, close: () => new Promise((resolve) => server.close(() => resolve())) };
};

/** One header field of a message, its folded lines joined; null when it is not there. */
export const headerOf = (source: string, name: string): string | null => {
  const head = source.slice(0, source.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");
  const line = head.split("\r\n").find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
};
