import type { Channel } from "./channel.ts";
import { JSON_HEADERS } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { byteLength, clip } from "./notice.ts";

/** Limits of the Events API v2: summary 1,024, key 255, body 512,000 bytes. */
const MOST = { summary: 1_024, key: 255, bytes: 512_000, source: 255, group: 255 };

const ACTIONS = {
  begins: "trigger",
  goes_on: "trigger",
  note: "trigger",
  acknowledged: "acknowledge",
  ends: "resolve",
} as const;
const severityOf = ({ tone, severity }: Notice): "critical" | "error" | "warning" | "info" =>
  severity === "page" || tone === "critical" ? "critical" : tone === "warning" ? "warning" : "info";

const payload = (notice: Notice, withDetails: boolean) => ({
  summary: clip(`${notice.title}: ${notice.text}`, MOST.summary),
  source: clip(notice.serviceId ?? notice.sender, MOST.source) || "nines",
  severity: severityOf(notice),
  timestamp: new Date(notice.beganAtMs).toISOString(),
  ...(notice.serviceId === null ? {} : { component: clip(notice.serviceId, MOST.group) }),
  group: clip(notice.sender, MOST.group),
  class: notice.eventType,
  ...(withDetails
    ? { custom_details: Object.fromEntries(notice.facts.map(({ label, value }) => [label, value])) }
    : {}),
});

/** The body of one event. The key is the alert's or incident's id, so every retry and every end meet their beginning. */
const pagerdutyEvent = (notice: Notice, routingKey: string) => {
  const common = {
    routing_key: routingKey,
    event_action: ACTIONS[notice.phase],
    dedup_key: clip(notice.thread, MOST.key),
  };
  if (common.event_action !== "trigger") return common;
  const links = notice.links.slice(0, 10).map(({ label, url }) => ({ href: url, text: clip(label, 255) }));
  const client = { client: "Nines", ...(links[0] === undefined ? {} : { client_url: links[0].href }) };
  const full = { ...common, payload: payload(notice, true), links, ...client };
  // Alertmanager does the same with what is too large: the details go, the page arrives.
  return byteLength(JSON.stringify(full)) <= MOST.bytes ? full : { ...full, payload: payload(notice, false) };
};

/** PagerDuty Events API v2. The credential is the routing key of the integration. */
export const pagerduty: Channel = {
  render: (notice, { url, secret }) => {
    if (notice.tone === "neutral" && notice.phase === "note") {
      return { kind: "nothing", reason: "PagerDuty takes alerts and incidents, not notes" };
    }
    const body = JSON.stringify(pagerdutyEvent(notice, secret ?? ""));
    return { kind: "request", url, headers: JSON_HEADERS, body };
  },
  judge: judgeChannelAnswer,
};
