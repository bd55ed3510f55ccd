import { MAX_PING_BYTES } from "#lib/commands/record-heartbeat.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { problemOfError } from "../http/problem.ts";
import type { RequestTarget } from "../http/request-target.ts";
import { COMMON_HEADERS } from "../http/security-headers.ts";
import type { HeartbeatDesk } from "./heartbeats.ts";
import type { Refused, Said } from "./push-dialects.ts";
import { peerOf, readAction, readGatus, readHealthchecks, readKuma } from "./push-dialects.ts";

type Target = Extract<RequestTarget, { kind: "path" }>;
type Dialect = "kuma" | "gatus" | "healthchecks";
type Answer = { readonly status: number; readonly text: string; readonly headers?: readonly string[] };

const RETRY = ["Retry-After", "5"];
const TOKEN = /^[A-Za-z0-9_-]{16,200}$/;
const JSON_TYPE = "application/json; charset=utf-8";
const TEXT_TYPE = "text/plain; charset=utf-8";

const reply = (exchange: Exchange, contentType: string, { status, text, headers = [] }: Answer): number => {
  const length = String(Buffer.byteLength(text));
  const common = [
    "Content-Type",
    contentType,
    "Content-Length",
    length,
    "Cache-Control",
    "no-store",
    ...COMMON_HEADERS,
  ];
  send(exchange, status, [...common, ...headers], text);
  return status;
};

/** The beginning of a body as text, as much as is kept; the rest is read and dropped, so that the sender is answered. */
const readBody = async ({ req }: Exchange): Promise<string> => {
  const parts: Buffer[] = [];
  let kept = 0;
  try {
    for await (const part of req as AsyncIterable<Buffer>) {
      if (kept >= MAX_PING_BYTES) continue;
      parts.push(part.subarray(0, MAX_PING_BYTES - kept));
      kept += Math.min(part.length, MAX_PING_BYTES - kept);
    }
  } catch (error) {
    throw new AppError("INVALID_REQUEST", "the body ended early", { cause: error });
  }
  // In stream mode the decoder leaves out a character that the cut went through.
  return new TextDecoder().decode(Buffer.concat(parts), { stream: true });
};

/** Stores what was said by the bearer of a token. `said` is asked once the token is known. */
const take = async (
  desk: HeartbeatDesk,
  exchange: Exchange,
  args: { via: Dialect; token: string; unknown: string; said: () => Said | Refused | Promise<Said | Refused> },
): Promise<Answer> => {
  const at = desk.now();
  const probeNo = TOKEN.test(args.token) ? desk.find(args.token) : null;
  if (probeNo === null) return { status: 404, text: args.unknown };
  if (probeNo === undefined) return { status: 503, text: "not ready", headers: RETRY };
  const said = await args.said();
  if ("status" in said) return said;
  const remote = peerOf(exchange.req.socket.remoteAddress);
  try {
    await desk.record({ ...said, probeNo, at, via: args.via, remote });
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status !== 503) throw error;
    return { status: 503, text: problem.detail, headers: RETRY };
  }
  return { status: 200, text: "" };
};

const answerKuma = async (desk: HeartbeatDesk, exchange: Exchange, target: Target, token: string): Promise<number> => {
  exchange.route = "/api/push/{token}";
  const unknown = "Monitor not found or not active.";
  const answer = await take(desk, exchange, { via: "kuma", token, unknown, said: () => readKuma(target.query) });
  const body = answer.status === 200 ? { ok: true } : { ok: false, msg: answer.text };
  return reply(exchange, JSON_TYPE, { ...answer, text: JSON.stringify(body) });
};

const answerGatus = async (desk: HeartbeatDesk, exchange: Exchange, target: Target): Promise<number> => {
  exchange.route = "/api/v1/endpoints/{key}/external";
  const { method, headers } = exchange.req;
  const refuse = (status: number, text: string, more: readonly string[] = []): number =>
    reply(exchange, TEXT_TYPE, { status, text, headers: more });
  if (method !== "POST") return refuse(405, "Method Not Allowed", ["Allow", "POST"]);
  const said = readGatus(target.query);
  const isDurationWrong = "status" in said && said.text.startsWith("invalid duration");
  if ("status" in said && !isDurationWrong) return refuse(said.status, said.text);
  const authorization = headers.authorization ?? "";
  if (!authorization.startsWith("Bearer ")) return refuse(401, "invalid Authorization header");
  const token = authorization.slice("Bearer ".length).trim();
  if (token === "") return refuse(401, "bearer token must not be empty");
  // The token says which heartbeat it is: it is unique, and keys of Gatus are made of names that may have changed.
  return reply(
    exchange,
    TEXT_TYPE,
    await take(desk, exchange, { via: "gatus", token, unknown: "not found", said: () => said }),
  );
};

/** `/ping/<token>[/<action>]`, or `/ping/<key>/<slug>[/<action>]` for the token `<key>_<slug>`. */
const readPingPath = ([token = "", second, third, ...rest]: readonly string[]) => {
  if (rest.length > 0 || token === "") return null;
  const action = readAction(second);
  if (action !== null) return third === undefined ? { token, action } : null;
  const slugAction = readAction(third);
  return slugAction === null ? null : { token: `${token}_${second}`, action: slugAction };
};

const answerHealthchecks = async (desk: HeartbeatDesk, exchange: Exchange, target: Target): Promise<number> => {
  exchange.route = "/ping/{token}";
  const ping = readPingPath(target.segments.slice(1));
  const unknown = "not found";
  if (ping === null) return reply(exchange, TEXT_TYPE, { status: 404, text: unknown });
  const { token, action } = ping;
  const said = async () => readHealthchecks(action, target.query, await readBody(exchange));
  const answer = await take(desk, exchange, { via: "healthchecks", token, unknown, said });
  const headers = ["Access-Control-Allow-Origin", "*", "Ping-Body-Limit", String(MAX_PING_BYTES)];
  const text = answer.status === 200 ? "OK" : answer.text;
  return reply(exchange, TEXT_TYPE, { ...answer, text, headers: [...headers, ...(answer.headers ?? [])] });
};

/**
 * Answers the addresses by which other tools are told of heartbeats, as those tools do; null for all other paths.
 * Nothing is acknowledged that is not stored: while the database is away the answer is 503 with Retry-After.
 * @throws what is a fault of ours; the pipeline turns it into a problem.
 */
export const answerHeartbeat = (desk: HeartbeatDesk, exchange: Exchange, target: Target): Promise<number> | null => {
  const [first, second, third, , fifth] = target.segments;
  const count = target.segments.length;
  if (first === "ping" && count > 1) return answerHealthchecks(desk, exchange, target);
  if (first !== "api") return null;
  if (second === "push" && third !== undefined && count === 3) return answerKuma(desk, exchange, target, third);
  const isExternal = second === "v1" && third === "endpoints" && fifth === "external" && count === 5;
  return isExternal ? answerGatus(desk, exchange, target) : null;
};
