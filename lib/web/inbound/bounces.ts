import type { IncomingMessage } from "node:http";
import { takeBounce } from "#lib/commands/subscribers/take-bounce.ts";
import { BOUNCE_HOOK_PATH } from "#lib/contracts/inbound.ts";
import { actorOf } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import { readDeliveryReport } from "#lib/core/subscribers/delivery-report.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { counter } from "#lib/runtime/metrics.ts";
import { admit, refuseCaller } from "../api/caller.ts";
import type { ApiContext } from "../api/types.ts";
import type { Exchange } from "../http/exchange.ts";
import { problemOf, problemOfError, sendProblem } from "../http/problem.ts";
import { readBytes } from "../http/read-bytes.ts";
import { sendJson } from "../http/send-json.ts";

/** A report carries at most the head of the mail, or a mail of ours, which is small. */
const MOST_BYTES = 262_144;
const MAIL = /^(?:message\/rfc822|text\/plain|application\/octet-stream)\s*(?:;|$)/i;
const WRITE = { scope: "subscribers:write" } as const;

const noteResult = (result: string): void =>
  counter({
    name: "nines_bounce_reports_total",
    help: "Reports of mail servers about mails that came back, by what became of them.",
    labels: ["result"],
  }).inc({ result });

const readMail = async (req: IncomingMessage): Promise<string> => {
  if (!MAIL.test(req.headers["content-type"] ?? ""))
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "send the mail as it came, as message/rfc822");
  const tooLarge = (): AppError => new AppError("PAYLOAD_TOO_LARGE", `a report may have ${MOST_BYTES} bytes`);
  if (Number(req.headers["content-length"] ?? 0) > MOST_BYTES) throw tooLarge();
  const bytes = await readBytes(req, MOST_BYTES);
  if (bytes === null) throw tooLarge();
  return bytes.toString("latin1");
};

const take = async (context: ApiContext, exchange: Exchange): Promise<number> => {
  const { database, clock, randomBytes, secretBox } = context;
  const principal = await admit(context, WRITE, exchange.req);
  const report = readDeliveryReport(await readMail(exchange.req));
  if (report === null) throw new AppError("INVALID_REQUEST", "this is no report of a mail server (RFC 3464)");
  const world = { now: clock.now(), randomBytes, secretBox, judgeUrl, actor: actorOf(principal) };
  const taken = await database.transaction((tx) => takeBounce({ ...world, tx }, report));
  noteResult(taken.result);
  return sendJson(exchange, taken, { cacheControl: "no-store" });
};

/** `POST /hooks/bounces`: a mail that came back, as the mail server sent it. */
export const answerBounces = async (context: ApiContext, exchange: Exchange): Promise<number> => {
  exchange.route = BOUNCE_HOOK_PATH;
  if (exchange.req.method !== "POST") {
    const problem = problemOf("METHOD_NOT_ALLOWED", "this address takes POST");
    return sendProblem(exchange, problem, ["Allow", "POST", "Connection", "close"]);
  }
  try {
    return await take(context, exchange);
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status >= 500) throw error;
    noteResult(problem.code.toLowerCase());
    const isOfReport = problem.code === "INVALID_REQUEST";
    return refuseCaller(exchange, isOfReport ? { ...problem, status: 422 } : problem, WRITE);
  }
};
