import type { Exchange } from "./http/exchange.ts";
import { problemOf, sendProblem } from "./http/problem.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./http/security-headers.ts";
import type { SiteDesk } from "./site-desk.ts";

export const LIVE_PATH = "/live";
const MOST_SERVICES = 100;

/** The services that are asked for, by repeating `service` or with commas; null: all. */
const askedServices = (query: URLSearchParams): readonly string[] | null => {
  const asked = query.getAll("service").flatMap((text) => text.split(","));
  return asked.length === 0 ? null : asked;
};

const lastVersionOf = (header: string | string[] | undefined): number | null =>
  typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : null;

/** Answers `/live`: events of the page until the reader leaves. */
export const answerLive = (
  { live, snapshot, isPublic, admit }: Pick<SiteDesk, "live" | "snapshot" | "isPublic" | "admit">,
  exchange: Exchange,
  { query, address }: { readonly query: URLSearchParams; readonly address: string },
): number => {
  exchange.route = LIVE_PATH;
  const { req, res } = exchange;
  const asked = askedServices(query);
  const unknown = asked?.find((id) => !snapshot()?.services.some((service) => service.id === id));
  if (unknown !== undefined) return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such service"));
  if (asked !== null && asked.length > MOST_SERVICES)
    return sendProblem(exchange, problemOf("INVALID_REQUEST", `at most ${MOST_SERVICES} services can be asked for`));
  const head = [
    "Content-Type",
    "text/event-stream; charset=utf-8",
    "Cache-Control",
    "no-store",
    // Proxies that collect answers before they pass them on would hold events back.
    "X-Accel-Buffering",
    "no",
    "Content-Security-Policy",
    DATA_CONTENT_POLICY,
    "X-Request-ID",
    exchange.requestId,
    ...COMMON_HEADERS,
  ];
  if (req.method === "HEAD") {
    res.writeHead(200, head).end();
    return 200;
  }
  if (!live.hasRoom(address))
    return sendProblem(
      exchange,
      problemOf("RATE_LIMITED", "too many streams are open; close some, or ask again later"),
      ["Retry-After", "30"],
    );
  const mayStay = async (): Promise<boolean> => isPublic() || (await admit(req, address)).kind === "admitted";
  const reader = { res, address, serviceIds: asked === null ? null : new Set(asked), mayStay };
  res.writeHead(200, head);
  live.join(reader, lastVersionOf(req.headers["last-event-id"]));
  return 200;
};
