import { DAY_MS, MINUTE_MS } from "../units.ts";
import type { Channel } from "./channel.ts";
import { JSON_HEADERS } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { clip } from "./notice.ts";

/**
 * Alertmanager ends an alert by itself after five minutes unless it is told when to. The end comes from us; should it
 * be lost, the alert ends a month after the last word on it, long after a person was told that the end was lost.
 */
const LONGEST_ALERT_MS = 30 * DAY_MS;

/**
 * An end that lies ahead on Alertmanager's clock does not count: the later end that it was told before rules (Merge in
 * its types/types.go), and the alert would go on for a month. So the end is given a minute early, against clocks that differ.
 */
const CLOCKS_DIFFER_MS = MINUTE_MS;

const endsAt = ({ beganAtMs, endedAtMs, occurredAtMs }: Notice): string => {
  const at =
    endedAtMs === null ? occurredAtMs + LONGEST_ALERT_MS : Math.max(beganAtMs + 1, endedAtMs - CLOCKS_DIFFER_MS);
  return new Date(at).toISOString();
};

const LABEL_SEVERITY = { page: "critical", ticket: "warning" } as const;

/** The labels are the identity of the alert: nothing in them may change between its beginning and its end. */
const labelsOf = (notice: Notice): Record<string, string> => ({
  alertname: "NinesAlert",
  nines_id: notice.thread,
  severity: notice.severity === null ? "none" : LABEL_SEVERITY[notice.severity],
  ...(notice.serviceId === null ? {} : { service: notice.serviceId }),
});

/** The body of `POST /api/v2/alerts`. */
export const alertmanagerAlerts = (notice: Notice) => [
  {
    labels: labelsOf(notice),
    annotations: {
      summary: clip(notice.title, 1_000),
      description: clip(notice.text, 4_000),
      ...Object.fromEntries(
        notice.facts.map(({ label, value }) => [
          label.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_"),
          clip(value, 1_000),
        ]),
      ),
    },
    startsAt: new Date(notice.beganAtMs).toISOString(),
    endsAt: endsAt(notice),
    ...(notice.links[0] === undefined ? {} : { generatorURL: notice.links[0].url }),
  },
];

/** What Alertmanager itself sends for an alert that did not end. */
const NO_END = "0001-01-01T00:00:00Z";

/** The body of Alertmanager's webhook, version 4, with one alert. */
const alertmanagerWebhook = (notice: Notice) => {
  const status = notice.phase === "ends" ? "resolved" : "firing";
  const alerts = alertmanagerAlerts(notice).map(({ generatorURL = "", ...alert }) => ({
    status,
    ...alert,
    endsAt: notice.endedAtMs === null ? NO_END : new Date(notice.endedAtMs).toISOString(),
    generatorURL,
    fingerprint: notice.thread,
  }));
  return {
    version: "4",
    groupKey: `{}:{nines_id="${notice.thread}"}`,
    truncatedAlerts: 0,
    status,
    receiver: "nines",
    groupLabels: { nines_id: notice.thread },
    commonLabels: labelsOf(notice),
    commonAnnotations: alerts[0]?.annotations ?? {},
    externalURL: notice.links[0]?.url ?? "",
    alerts,
  };
};

/**
 * Prometheus Alertmanager: API v2, where the configured address is its root, or the body of its webhook, where the
 * address is the receiver.
 */
export const alertmanager: Channel = {
  render: (notice, { url, secret, format }) => {
    if (notice.severity === null) return { kind: "nothing", reason: "Alertmanager takes alerts only" };
    if (notice.phase === "acknowledged") return { kind: "nothing", reason: "Alertmanager knows no acknowledgement" };
    const headers = secret === null ? JSON_HEADERS : { ...JSON_HEADERS, authorization: `Bearer ${secret}` };
    if (format === "webhook")
      return { kind: "request", url, headers, body: JSON.stringify(alertmanagerWebhook(notice)) };
    const body = JSON.stringify(alertmanagerAlerts(notice));
    return { kind: "request", url: `${url.replace(/\/+$/, "")}/api/v2/alerts`, headers, body };
  },
  judge: judgeChannelAnswer,
};
