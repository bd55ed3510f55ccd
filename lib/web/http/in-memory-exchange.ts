import { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

export type InMemoryRequest = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
};

export type InMemoryAnswer = {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
};

export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

const HEAD_END = Buffer.from("\r\n\r\n");

const parseAnswer = (raw: Buffer): InMemoryAnswer => {
  const cut = raw.indexOf(HEAD_END);
  if (cut === -1) throw new Error("the handler ended without an answer");
  const [statusLine = "", ...lines] = raw.subarray(0, cut).toString("latin1").split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(" ")[1]), headers, body: raw.subarray(cut + HEAD_END.length) };
};

type SocketOf = IncomingMessage["socket"];

const requestOf = ({ method, url, headers }: InMemoryRequest, socket: SocketOf): IncomingMessage => {
  const req = new IncomingMessage(socket);
  req.method = method;
  req.url = url;
  // HTTP/1.0 keeps the answer free of chunked framing.
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 0;
  req.httpVersion = "1.0";
  for (const [name, value] of Object.entries(headers)) {
    req.headers[name] = value;
    req.rawHeaders.push(name, value);
  }
  req.push(null);
  return req;
};

/**
 * Runs a request handler without any socket or port: what it writes is collected and parsed.
 * @throws the handler's error, or Error when it takes longer than `deadlineMs` or its answer breaks off.
 */
export const runInMemory = (handler: Handler, request: InMemoryRequest, deadlineMs: number): Promise<InMemoryAnswer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const pipe = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(Buffer.from(chunk));
        done();
      },
    });
    // Neither side of the exchange asks more of a socket than what every stream has.
    const socket = pipe as unknown as SocketOf;
    const req = requestOf(request, socket);
    const res = new ServerResponse(req);
    const timer = setTimeout(() => settle(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
    const settle = (error: unknown): void => {
      clearTimeout(timer);
      res.detachSocket(socket);
      pipe.destroy();
      if (error !== null) reject(error);
      else {
        try {
          resolve(parseAnswer(Buffer.concat(chunks)));
        } catch (parseError) {
          reject(parseError);
        }
      }
    };
    res.assignSocket(socket);
    res.once("finish", () => settle(null));
    pipe.once("error", settle);
    // A server's socket hands this on; without it an answer over the buffer's 16 kB would never go on.
    pipe.on("drain", () => res.emit("drain"));
    handler(req, res).catch(settle);
  });
