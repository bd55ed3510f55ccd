import type { ExternalAlertFacts } from "#lib/contracts/external-alerts.ts";
import { ALERTMANAGER_API_PATH } from "#lib/contracts/inbound.ts";
import { instantText } from "#lib/contracts/values.ts";
import { firingExternalAlerts } from "#lib/read/external-alerts.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Exchange } from "../http/exchange.ts";
import { sendJson } from "../http/send-json.ts";
import { readMatcher } from "./alert-matchers.ts";

type ReadsContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly version: string;
  readonly startedMs: number;
};

const RECEIVER = { name: "nines" };
const MOST_FILTERS = 20;

/** `gettableAlert` of Alertmanager. */
const gettable = (facts: ExternalAlertFacts) => ({
  annotations: facts.annotations,
  endsAt: instantText((facts.endsAt ?? facts.expiresAt ?? facts.startsAt).getTime()),
  fingerprint: facts.fingerprint,
  receivers: [RECEIVER],
  startsAt: instantText(facts.startsAt.getTime()),
  status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: "active" },
  updatedAt: instantText(facts.lastHeardAt.getTime()),
  ...(facts.generatorUrl === null ? {} : { generatorURL: facts.generatorUrl }),
  labels: facts.labels,
});

/** Alerts that fire and are asked for. Nobody silences or inhibits them here, so all of them are active. */
const alertsAsked = async ({ database }: ReadsContext, query: URLSearchParams) => {
  const matchers = query.getAll("filter").slice(0, MOST_FILTERS).map(readMatcher);
  if (query.get("active") === "false") return [];
  const firing = await firingExternalAlerts(database);
  return firing.filter(({ labels }) => matchers.every((matches) => matches(labels))).map(gettable);
};

const status = ({ clock, version, startedMs }: ReadsContext) => ({
  cluster: { status: "disabled" },
  config: { original: "# Nines takes alerts in the shape of Alertmanager; its configuration is its own.\n" },
  uptime: instantText(clock.now() - (clock.monotonicMs() - startedMs)),
  versionInfo: { branch: "", buildDate: "", buildUser: "", goVersion: "", revision: "", version: `nines-${version}` },
});

/** Answers reads of the Alertmanager API, version 2: what amtool and dashboards ask. @throws AppError INVALID_REQUEST */
export const answerLikeAlertmanager = async (
  context: ReadsContext,
  exchange: Exchange,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
): Promise<number> => {
  const json = (value: unknown): Promise<number> => sendJson(exchange, value, { cacheControl: "private, no-store" });
  switch (path.slice(ALERTMANAGER_API_PATH.length + 1)) {
    case "alerts":
      return json(await alertsAsked(context, query));
    case "alerts/groups": {
      const alerts = await alertsAsked(context, query);
      return json(alerts.length === 0 ? [] : [{ alerts, labels: {}, receiver: RECEIVER }]);
    }
    case "receivers":
      return json([RECEIVER]);
    case "silences":
      return json([]);
    default:
      return json(status(context));
  }
};
