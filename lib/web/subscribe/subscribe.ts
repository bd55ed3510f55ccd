import {
  changePreferences,
  confirmSubscriber,
  findByManageToken,
  unsubscribe,
} from "#lib/commands/subscribers/change-subscriber.ts";
import { signingSecretOf } from "#lib/commands/subscribers/subscriber-facts.ts";
import type { Language } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { SubscriberKind } from "#lib/core/subscribers/words.ts";
import { SUBSCRIBER_CHANNELS, SUBSCRIBER_KINDS } from "#lib/core/subscribers/words.ts";
import { hasMail } from "#lib/read/subscribers.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import type { RequestTarget } from "../http/request-target.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "../http/security-headers.ts";
import type { Fields } from "./subscribe-body.ts";
import { fieldsOfQuery, languageIn, readFields } from "./subscribe-body.ts";
import type { FormValues } from "./subscribe-page.ts";
import {
  buttonPage,
  manageForm,
  SUBSCRIBE_CSS,
  SUBSCRIBE_CSS_PATH,
  sendSubscribePage,
  signUpForm,
  tellingPage,
} from "./subscribe-page.ts";
import { SUBSCRIBE_WORDS } from "./subscribe-words.ts";
import type { SubscribeContext } from "./subscribe-world.ts";
import { incidentOfPublicId, inTransaction, signUpSlowly } from "./subscribe-world.ts";
import { answerSubscribersJson, SUBSCRIBERS_JSON_PATH } from "./subscribers-statuspage.ts";

type Target = Extract<RequestTarget, { kind: "path" }>;
type Page = { readonly context: SubscribeContext; readonly exchange: Exchange; readonly language: Language };

const LEAVE_ROUTE = "/unsubscribe/{token}";

/** Whoever holds a link may leave; the name of a page that is not for everybody is not told to them. */
const nameShown = ({ desk, snapshot }: SubscribeContext, exchange: Exchange): string =>
  (desk.isPublic() || exchange.route !== LEAVE_ROUTE ? snapshot()?.page.name : null) ?? "Status";

const show = ({ context, exchange, language }: Page, status: number, body: string): number =>
  sendSubscribePage(exchange, { status, language, pageName: nameShown(context, exchange), body });

const servicesOf = (context: SubscribeContext) =>
  (context.snapshot()?.services ?? []).map(({ id, name }) => ({ id, name }));

/** What a form asks for. Nothing ticked of the services: all. */
const wishesIn = (context: SubscribeContext, fields: Fields, language: Language): FormValues => {
  const kinds = SUBSCRIBER_KINDS.filter((kind: SubscriberKind) => fields.all("kinds").includes(kind));
  const known = new Set(servicesOf(context).map(({ id }) => id));
  const services = [...new Set(fields.all("services"))].filter((id) => known.has(id));
  const incident = fields.one("incident_id") ?? fields.one("incident");
  return {
    kinds: kinds.length === 0 ? ["incidents", "maintenance"] : kinds,
    serviceIds: services.length === 0 ? null : services,
    incidentId: incident === null ? null : incidentOfPublicId(context.snapshot(), incident),
    cadence: fields.one("cadence") === "daily" ? "daily" : "each",
    language: languageIn(fields) ?? language,
  };
};

const showForm = async (
  page: Page,
  fields: Fields,
  fault: { status: number; text: string } | null,
): Promise<number> => {
  const { context, language } = page;
  const values = wishesIn(context, fields, language);
  const services = servicesOf(context);
  const isMail = await hasMail(context.api.database);
  return show(
    page,
    fault?.status ?? 200,
    signUpForm(language, { values, services, hasMail: isMail, fault: fault?.text ?? null }),
  );
};

const answerSignUp = async (page: Page, target: Target): Promise<number> => {
  const { context, exchange, language } = page;
  if (exchange.req.method !== "POST") return showForm(page, fieldsOfQuery(target.query), null);
  const fields = await readFields(exchange.req);
  const words = SUBSCRIBE_WORDS[language];
  const done = (): number => show(page, 200, tellingPage(words.asked));
  // Programs fill in every field; people do not see this one.
  if ((fields.one("website") ?? "") !== "") return done();
  const channel = SUBSCRIBER_CHANNELS.find((one) => one === fields.one("channel")) ?? "email";
  const baseUrl = context.snapshot()?.page.url ?? context.baseUrl();
  const address = fields.one("address") ?? "";
  const wishes = wishesIn(context, fields, language);
  try {
    await signUpSlowly(context, exchange, { ...wishes, channel, address, contact: null, baseUrl });
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "INVALID_REQUEST" && error.code !== "RATE_LIMITED"))
      throw error;
    const isOften = error.code === "RATE_LIMITED";
    return showForm(page, fields, { status: isOften ? 429 : 400, text: isOften ? words.wrong.often : error.detail });
  }
  return done();
};

const over = (page: Page): number => show(page, 404, tellingPage(SUBSCRIBE_WORDS[page.language].over));

const answerConfirm = async (page: Page, token: string): Promise<number> => {
  const { context, exchange, language } = page;
  const words = SUBSCRIBE_WORDS[language];
  if (exchange.req.method !== "POST") {
    // Programs that look at the links of mails follow them; only a person presses a button.
    return show(page, 200, buttonPage(words.confirm, `/subscribe/confirm/${encodeURIComponent(token)}`));
  }
  try {
    await inTransaction(context, (world) => confirmSubscriber(world, token));
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND") return over(page);
    throw error;
  }
  return show(page, 200, tellingPage(words.confirmed));
};

const answerManage = async (page: Page, token: string): Promise<number> => {
  const { context, exchange } = page;
  const isSaved = exchange.req.method === "POST";
  const known = await inTransaction(context, (world) => findByManageToken(world, token));
  if (known === null) return over(page);
  const fields = isSaved ? await readFields(exchange.req) : null;
  const one =
    fields === null
      ? known
      : await inTransaction(context, (world) => {
          const { incidentId: _same, ...wanted } = wishesIn(context, fields, known.language);
          return changePreferences(world, token, wanted);
        });
  const services = servicesOf(context);
  const secret = signingSecretOf(context.api.secretBox, one);
  return show(
    page,
    200,
    manageForm(page.language, { token, values: one, services, channel: one.channel, secret, isSaved }),
  );
};

const answerUnsubscribe = async (page: Page, token: string): Promise<number> => {
  const { context, exchange, language } = page;
  const words = SUBSCRIBE_WORDS[language];
  if (exchange.req.method !== "POST") {
    return show(page, 200, buttonPage(words.leave, `/unsubscribe/${encodeURIComponent(token)}`));
  }
  // RFC 8058: the mail program posts without cookies and looks at the status only.
  const isOurs = await inTransaction(context, (world) => unsubscribe(world, token));
  return isOurs ? show(page, 200, tellingPage(words.left)) : over(page);
};

const sendStyle = (exchange: Exchange): number => {
  const head = ["Content-Type", "text/css; charset=utf-8", "Content-Length", String(Buffer.byteLength(SUBSCRIBE_CSS))];
  const rest = ["Cache-Control", "public, max-age=3600", "Content-Security-Policy", DATA_CONTENT_POLICY];
  send(exchange, 200, [...head, ...rest, ...COMMON_HEADERS], SUBSCRIBE_CSS);
  return 200;
};

const METHODS = new Set(["GET", "HEAD", "POST"]);

/** Which page an address is; null: none of ours. */
const routeOf = (target: Target): { route: string; answer: (page: Page) => number | Promise<number> } | null => {
  const [first, second, third, ...rest] = target.segments;
  if (rest.length > 0) return null;
  if (first === "subscribe" && second === undefined)
    return { route: "/subscribe", answer: (page) => answerSignUp(page, target) };
  if (first === "subscribe" && second === "confirm" && third !== undefined)
    return { route: "/subscribe/confirm/{token}", answer: (page) => answerConfirm(page, third) };
  if (second === undefined || third !== undefined) return null;
  if (first === "subscription") return { route: "/subscription/{token}", answer: (page) => answerManage(page, second) };
  return first === "unsubscribe" ? { route: LEAVE_ROUTE, answer: (page) => answerUnsubscribe(page, second) } : null;
};

/** The pages of subscribers and `/api/v2/subscribers.json`; null for every other address. */
export const answerSubscribers = (
  context: SubscribeContext,
  exchange: Exchange,
  target: Target,
): Promise<number> | null => {
  if (target.path === SUBSCRIBERS_JSON_PATH) return answerSubscribersJson(context, exchange, target);
  if (target.path === SUBSCRIBE_CSS_PATH) {
    exchange.route = SUBSCRIBE_CSS_PATH;
    return Promise.resolve(sendStyle(exchange));
  }
  const found = routeOf(target);
  if (found === null) return null;
  exchange.route = found.route;
  if (!METHODS.has(exchange.req.method ?? "GET")) {
    const problem = problemOf("METHOD_NOT_ALLOWED", "this address takes GET and POST");
    return Promise.resolve(sendProblem(exchange, problem, ["Allow", "GET, HEAD, POST", "Connection", "close"]));
  }
  const language = context.site.languageOf(exchange.req, target.query);
  return Promise.resolve(found.answer({ context, exchange, language }));
};
