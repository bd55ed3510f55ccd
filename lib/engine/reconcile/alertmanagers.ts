import { z } from "zod";
import type { Database } from "#db/database.ts";
import type { AlertmanagerRow, ToldAlert } from "#db/queries/alertmanager-state.ts";
import { readAlertmanagers, readEndedAlerts, readToldAlerts } from "#db/queries/alertmanager-state.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointHeadersContext, endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import type { FindingResource } from "#lib/contracts/reconciliation.ts";
import { describeFailure } from "#lib/core/calls/call-failure.ts";
import { alertmanagerAlerts } from "#lib/core/channels/alertmanager.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { CallerDeps } from "#lib/egress/call.ts";
import { callSystem, newCallerState } from "#lib/egress/call.ts";
import { noticeOfEvent } from "../channels/notice-of-event.ts";
import { findingOf } from "./finding.ts";

const MOST_ALERTMANAGERS = 20;
const MOST_ALERTS = 1_000;
/** As long as an alert is sent for at first. */
const LONGEST_ALERT_MS = 7 * DAY_MS;
/** What ends sooner by itself is prolonged. */
const PROLONG_MS = 3 * DAY_MS;
const CALL = { timeoutMs: 5_000, deadlineMs: 10_000, maxResponseBytes: 8_000_000, callsPerMinute: 60 } as const;

const Known = z.array(
  z.looseObject({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()).default({}),
    startsAt: z.string(),
    endsAt: z.string(),
    generatorURL: z.string().optional(),
  }),
);
type Posted = ReturnType<typeof alertmanagerAlerts>[number];

export type AlertmanagerArgs = {
  readonly database: Database;
  readonly deps: CallerDeps;
  readonly secretBox: SecretBox;
  readonly now: EpochMs;
  readonly signal: AbortSignal;
};

/** Speaks to the API of one Alertmanager with its own header fields and token. */
const speakerTo = (args: AlertmanagerArgs, row: AlertmanagerRow, allow: readonly string[]) => {
  const { secretBox, deps, signal } = args;
  const root = secretBox.open(row.urlCiphertext, endpointUrlContext(row.id)).replace(/\/+$/, "");
  const secret = secretBox.open(row.secretCiphertext, endpointSecretContext(row.id));
  const own =
    row.headersCiphertext === null ? "{}" : secretBox.open(row.headersCiphertext, endpointHeadersContext(row.id));
  const headers = {
    ...(JSON.parse(own) as Record<string, string>),
    "content-type": "application/json",
    ...(secret === "" ? {} : { authorization: `Bearer ${secret}` }),
  };
  const state = newCallerState();
  return async (method: "GET" | "POST", path: string, body: string | null): Promise<Buffer> => {
    const common = { ...CALL, integration: "alertmanager", allow, signal, isPathSecret: true } as const;
    const answer = await callSystem(deps, state, { ...common, url: `${root}/api/v2${path}`, method, headers, body });
    if (answer.kind === "answered") return answer.body;
    throw new Error(describeFailure(answer.failure));
  };
};

const iso = (at: number): string => new Date(at).toISOString();

/** An alert that we told of, in the words in which we did. */
const postedOf = ({ eventId, id, occurredAt, data }: ToldAlert, endsAt: EpochMs): Posted[] => {
  const told = { id: eventId, type: "alert.firing" as const, subject: id, occurredAtMs: occurredAt.getTime() };
  const naming = { page: { name: "Nines", url: null }, serviceName: () => null };
  const notice = noticeOfEvent({ ...told, data: JSON.parse(data) as unknown }, naming);
  return alertmanagerAlerts(notice).map((alert) => ({ ...alert, endsAt: iso(endsAt) }));
};

const compareOne = async (
  args: AlertmanagerArgs,
  row: AlertmanagerRow,
  allow: readonly string[],
): Promise<{ differing: string[] }> => {
  const { database, now } = args;
  const ask = speakerTo(args, row, allow);
  const filter = encodeURIComponent('alertname="NinesAlert"');
  const theirs = Known.parse(JSON.parse((await ask("GET", `/alerts?filter=${filter}`, null)).toString("utf8")));
  const told = await database.read((db) => readToldAlerts(db, row.id, MOST_ALERTS));
  const byId = new Map(theirs.map((alert) => [alert.labels.nines_id ?? "", alert]));
  const ended = await database.read((db) => readEndedAlerts(db, { ids: [...byId.keys()], endpointId: row.id }));
  const until = addMs(now, LONGEST_ALERT_MS);
  const missing = told.filter(({ id }) => !byId.has(id));
  const short = told.flatMap(({ id }) => {
    const known = byId.get(id);
    return known === undefined || Date.parse(known.endsAt) >= addMs(now, PROLONG_MS)
      ? []
      : [{ ...known, endsAt: iso(until) }];
  });
  const over = [...ended].flatMap(([id, at]) => {
    const known = byId.get(id);
    const endsAt = iso(Math.max(at.getTime(), Date.parse(known?.startsAt ?? "")));
    return known === undefined || Date.parse(known.endsAt) <= now ? [] : [{ ...known, endsAt }];
  });
  const again = missing.flatMap((alert) => postedOf(alert, until));
  const posts = [...again, ...short, ...over].map(({ labels, annotations, startsAt, endsAt, generatorURL }) => ({
    labels,
    annotations,
    startsAt,
    endsAt,
    ...(generatorURL === undefined ? {} : { generatorURL }),
  }));
  if (posts.length > 0) await ask("POST", "/alerts", JSON.stringify(posts));
  return {
    differing: [
      ...missing.map(({ id }) => `${row.id}: ${id} was gone`),
      ...over.map(({ labels }) => `${row.id}: ${labels.nines_id ?? ""} was not ended`),
    ],
  };
};

/**
 * Compares what each Alertmanager knows with the alerts: one that lost an alert, by a restart or by time, gets it again;
 * one that keeps an alert that is over is told so. Both are what was said before, so that saying it twice changes nothing.
 */
export const checkAlertmanagers = async (args: AlertmanagerArgs): Promise<(FindingResource | null)[]> => {
  const { database, signal } = args;
  const rows = await database.read((db) => readAlertmanagers(db, MOST_ALERTMANAGERS));
  const allow = rows.length === 0 ? [] : ((await database.read(readConfigDocument))?.egress.allow ?? []);
  const differing: string[] = [];
  const unreachable: string[] = [];
  for (const row of rows) {
    if (signal.aborted) break;
    try {
      differing.push(...(await compareOne(args, row, allow)).differing);
    } catch (error) {
      unreachable.push(
        `${row.id}: ${error instanceof z.ZodError || error instanceof SyntaxError ? "not an answer of Alertmanager" : (error as Error).message}`,
      );
    }
  }
  return [
    findingOf("alertmanager_state", differing, differing.length),
    findingOf("alertmanager_unreachable", unreachable),
  ];
};
