import { withdrawSignUp } from "#lib/commands/subscribers/change-subscriber.ts";
import { CONFIRM_WITHIN_MS } from "#lib/commands/subscribers/sign-up.ts";
import { AppError } from "#lib/core/errors.ts";
import type { SubscriberChannel } from "#lib/core/subscribers/words.ts";
import { findReceipt } from "#lib/read/subscribers.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import type { RequestTarget } from "../http/request-target.ts";
import { COMMON_HEADERS } from "../http/security-headers.ts";
import { sendJson } from "../http/send-json.ts";
import type { Fields } from "./subscribe-body.ts";
import { fieldsOfQuery, languageIn, readFields } from "./subscribe-body.ts";
import type { SubscribeContext } from "./subscribe-world.ts";
import { incidentOfPublicId, inTransaction, servicesOfComponents, signUpSlowly } from "./subscribe-world.ts";

type Target = Extract<RequestTarget, { kind: "path" }>;

export const SUBSCRIBERS_JSON_PATH = "/api/v2/subscribers.json";
const CORS = ["Access-Control-Allow-Origin", "*"];
const METHODS = "GET, HEAD, POST, DELETE, OPTIONS";

/** A field of the object `subscriber`, in a form or in JSON, or of the query itself. */
const fieldOf = (fields: Fields, name: string): string | null => fields.one(`subscriber[${name}]`) ?? fields.one(name);

const listOf = (fields: Fields, ...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [...fields.all(`subscriber[${name}]`), ...fields.all(name)]);

/**
 * A subscriber as the contract has it, in its order. It tells what was asked for, not what became of it: the same for an
 * address that was known and for one that was not.
 */
const bodyOf = (args: {
  id: string;
  createdAt: number;
  channel: SubscriberChannel;
  email: string | null;
  endpoint?: string;
}) => {
  const created_at = new Date(args.createdAt).toISOString();
  const isWebhook = args.channel !== "email";
  return {
    subscriber: {
      created_at,
      skip_confirmation_notification: false,
      quarantined_at: created_at,
      id: args.id,
      mode: isWebhook ? "webhook" : "email",
      purge_at: new Date(args.createdAt + CONFIRM_WITHIN_MS).toISOString(),
      email: args.email,
      ...(args.endpoint === undefined ? {} : { endpoint: args.endpoint }),
    },
  };
};

const refuse = (detail: string): never => {
  throw new AppError("INVALID_REQUEST", detail);
};

const post = async (context: SubscribeContext, exchange: Exchange): Promise<number> => {
  const fields = await readFields(exchange.req);
  const email = fieldOf(fields, "email");
  const endpoint = fieldOf(fields, "endpoint");
  if (fieldOf(fields, "phone_number") !== null) refuse("phone_number: messages to phones are not available");
  if (email === null && endpoint === null) refuse("subscriber needs email or endpoint");
  const components = listOf(fields, "component_id", "component_ids");
  const snapshot = context.snapshot();
  const serviceIds =
    servicesOfComponents(snapshot, components) ?? refuse("component_id names no component of this page");
  const incident = fieldOf(fields, "incident_id");
  const incidentId =
    incident === null ? null : (incidentOfPublicId(snapshot, incident) ?? refuse("incident_id names no incident"));
  const channel = endpoint === null ? "email" : "webhook";
  const made = await signUpSlowly(context, exchange, {
    channel,
    address: endpoint ?? email ?? "",
    contact: endpoint === null ? null : email,
    // As on Statuspage: programs hear of components too.
    kinds: channel === "webhook" ? ["incidents", "maintenance", "states"] : ["incidents", "maintenance"],
    serviceIds: serviceIds.length === 0 ? null : serviceIds,
    incidentId,
    cadence: "each",
    language: languageIn(fields) ?? context.site.languageOf(exchange.req, new URLSearchParams()),
    baseUrl: snapshot?.page.url ?? context.baseUrl(),
  });
  const body = bodyOf({ ...made, channel, email, ...(endpoint === null ? {} : { endpoint }) });
  return sendJson(exchange, body, { status: 201, cacheControl: "no-store", headers: CORS });
};

const notFound = (exchange: Exchange): Promise<number> | number =>
  sendProblem(exchange, problemOf("NOT_FOUND", "there is no subscriber with this id"), CORS);

const get = async (context: SubscribeContext, exchange: Exchange, target: Target): Promise<number> => {
  const id = fieldOf(fieldsOfQuery(target.query), "id") ?? "";
  const receipt = await findReceipt(context.api.database, id);
  if (receipt === null) return notFound(exchange);
  const body = bodyOf({ ...receipt, email: null });
  return sendJson(exchange, body, { cacheControl: "no-store", headers: CORS });
};

const remove = async (context: SubscribeContext, exchange: Exchange, target: Target): Promise<number> => {
  const id = fieldOf(fieldsOfQuery(target.query), "id") ?? fieldOf(await readFields(exchange.req), "id") ?? "";
  const receipt = await findReceipt(context.api.database, id);
  if (receipt === null) return notFound(exchange);
  await inTransaction(context, (world) => withdrawSignUp(world, id));
  return sendJson(exchange, bodyOf({ ...receipt, email: null }), { cacheControl: "no-store", headers: CORS });
};

const preflight = (exchange: Exchange): number => {
  const rules = ["Access-Control-Allow-Methods", METHODS, "Access-Control-Allow-Headers", "*"];
  send(exchange, 204, [...CORS, ...rules, "Access-Control-Max-Age", "86400", ...COMMON_HEADERS], null);
  return 204;
};

/** `POST`, `GET` and `DELETE /api/v2/subscribers.json`, for forms and for JSON. */
export const answerSubscribersJson = async (
  context: SubscribeContext,
  exchange: Exchange,
  target: Target,
): Promise<number> => {
  exchange.route = SUBSCRIBERS_JSON_PATH;
  try {
    switch (exchange.req.method) {
      case "OPTIONS":
        return preflight(exchange);
      case "POST":
        return await post(context, exchange);
      case "DELETE":
        return await remove(context, exchange, target);
      case "GET":
      case "HEAD":
        return await get(context, exchange, target);
      default: {
        const problem = problemOf("METHOD_NOT_ALLOWED", `this address takes ${METHODS}`);
        return sendProblem(exchange, problem, [...CORS, "Allow", METHODS, "Connection", "close"]);
      }
    }
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "INVALID_REQUEST" && error.code !== "RATE_LIMITED"))
      throw error;
    const status = error.code === "INVALID_REQUEST" ? 422 : 429;
    return sendProblem(exchange, problemOf(error.code, error.detail, status), [...CORS, "Retry-After", "3600"]);
  }
};
