import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { EVENT_TYPES } from "#lib/contracts/events.ts";
import { fillText } from "../../_view/format.ts";
import type { Role } from "../../_view/state-looks.ts";
import type { Field } from "./action-form.client.tsx";
import type { AdminView } from "./view.ts";

/** Names of products stay as they are in every language. */
const PRODUCTS: Readonly<Record<string, string>> = {
  webhook: "Webhook",
  slack: "Slack",
  pagerduty: "PagerDuty",
  alertmanager: "Alertmanager",
  discord: "Discord",
  teams: "Microsoft Teams",
  ntfy: "ntfy",
};

/** What kind of receiver it is, for people. */
export const kindText = ({ words }: AdminView, type: string): string =>
  type === "email" ? words.portal.email : (PRODUCTS[type] ?? type);

/** How an endpoint does: colour role and word. */
export const endpointState = (view: AdminView, { state, health }: EndpointResource): { role: Role; word: string } => {
  const { states } = view.words.portal;
  if (state === "disabled") return { role: "none", word: states.disabled };
  if (health.failingSince === null) return { role: "ok", word: states.active };
  return { role: health.breaker === "closed" ? "degraded" : "major", word: states.failing };
};

export const eventsText = ({ words, format }: AdminView, { events }: EndpointResource): string =>
  events.includes("*") ? words.portal.allEvents : format.list(events);

/** Which services and severities an endpoint is for. */
export const filtersText = (view: AdminView, { filters }: EndpointResource): string => {
  const { anyService, severities } = view.words.portal;
  const services = filters.serviceIds.length === 0 ? anyService : view.format.list(filters.serviceIds);
  return [services, ...filters.severities.map((one) => severities[one])].join(", ");
};

export const DELIVERY_ROLES = {
  pending: "maint",
  delivered: "ok",
  dead: "major",
  canceled: "none",
} as const satisfies Record<string, Role>;

type Named = { readonly id: string; readonly name: string };

/** Fields of what an endpoint subscribes to, as it is now. */
export const subscriptionFields = (
  { words }: AdminView,
  services: readonly Named[],
  now?: EndpointResource,
): Field[] => {
  const { portal } = words;
  const types = ["*", ...EVENT_TYPES];
  return [
    {
      name: "events",
      kind: "choices",
      label: portal.events,
      options: types.map((value) => ({
        value,
        label: value === "*" ? fillText("* ({all})", { all: portal.allEvents }) : value,
      })),
      values: now?.events ?? ["*"],
    },
    {
      name: "filters.serviceIds",
      kind: "choices",
      label: portal.serviceFilter,
      hint: portal.filterHint,
      options: services.map(({ id, name }) => ({ value: id, label: name })),
      values: now?.filters.serviceIds ?? [],
    },
    {
      name: "filters.severities",
      kind: "choices",
      label: portal.severityFilter,
      hint: portal.filterHint,
      options: (["page", "ticket"] as const).map((value) => ({ value, label: portal.severities[value] })),
      values: now?.filters.severities ?? [],
    },
  ];
};
