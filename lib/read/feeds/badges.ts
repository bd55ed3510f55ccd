import type { PublicState, SnapshotService } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Badge, BadgeStyle } from "#lib/core/feeds/badge.ts";
import { BADGE_STYLES, badgeSvg, shieldsJson } from "#lib/core/feeds/badge.ts";
import type { FeedArgs, FeedFile } from "./feed-args.ts";
import { languageOf } from "./feed-args.ts";
import type { FeedWords } from "./words.ts";
import { FEED_WORDS } from "./words.ts";

/** As on the page, dark enough for white text. */
const COLORS: Readonly<Record<PublicState, string>> = {
  operational: "#23804d",
  degraded_performance: "#8a5a00",
  partial_outage: "#b04408",
  major_outage: "#b3261e",
  under_maintenance: "#3557b7",
  unknown: "#5c5c66",
};

const METRICS = ["state", "uptime", "sli", "budget"] as const;
const LONGEST_LABEL = 60;
const MOST_DAYS = 90;

const invalid = (message: string): never => {
  throw new AppError("INVALID_REQUEST", message);
};

const oneOf = <Word extends string>(query: URLSearchParams, key: string, words: readonly [Word, ...Word[]]): Word => {
  const asked = query.get(key) ?? words[0];
  return words.find((word) => word === asked) ?? invalid(`${key} must be one of ${words.join(", ")}`);
};

const percent = (share: number, language: string): string =>
  // Rounded down: a badge never shows more than was kept.
  `${new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Math.floor(share * 10_000) / 100)}%`;

/** The share of measured time without a partial or major outage; planned work and unmeasured time are left out. */
const uptimeOf = (service: SnapshotService, days: number): number | null => {
  let up = 0;
  let measured = 0;
  for (const { seconds } of service.days.slice(-days)) {
    const fine = (seconds.operational ?? 0) + (seconds.degraded_performance ?? 0);
    up += fine;
    measured += fine + (seconds.partial_outage ?? 0) + (seconds.major_outage ?? 0);
  }
  return measured === 0 ? null : up / measured;
};

type Reading = { readonly label: string; readonly message: string | null; readonly color: string };

const sloReading = (service: SnapshotService, query: URLSearchParams, words: FeedWords, language: string): Reading => {
  const asked = query.get("slo");
  const slo = asked === null ? service.slos[0] : service.slos.find(({ id }) => id === asked);
  if (slo === undefined) throw new AppError("NOT_FOUND", "the service publishes no such objective");
  const isBudget = query.get("metric") === "budget";
  const share = isBudget ? slo.budgetRemaining : slo.attained;
  const color = slo.isMet === false ? COLORS.major_outage : COLORS.operational;
  return {
    label: isBudget ? words.budget : `${service.name} ${slo.objective}%`,
    message: share === null ? null : percent(share, language),
    color: slo.burning === null ? color : COLORS.partial_outage,
  };
};

const readingOf = (args: FeedArgs, service: SnapshotService, query: URLSearchParams): Reading => {
  const language = languageOf(args, query);
  const words = FEED_WORDS[language];
  const metric = oneOf(query, "metric", METRICS);
  if (metric === "state") {
    const state = args.isStale ? "unknown" : service.published;
    return { label: service.name, message: service.hasData ? words.states[state] : null, color: COLORS[state] };
  }
  if (metric !== "uptime") return sloReading(service, query, words, language);
  const days = query.get("days") ?? String(MOST_DAYS);
  if (!/^[1-9]\d?$/.test(days) || Number(days) > MOST_DAYS) return invalid(`days must be from 1 to ${MOST_DAYS}`);
  const uptime = uptimeOf(service, Number(days));
  return {
    label: `${words.uptime} ${days}d`,
    message: uptime === null ? null : percent(uptime, language),
    color: uptime !== null && uptime < 0.99 ? COLORS.partial_outage : COLORS.operational,
  };
};

const ADDRESS = /^\/badge\/([a-z0-9][a-z0-9-]{0,62})\.(svg|json)$/;

/** The service of `/badge/{service}.svg` or `.json`, by its id or by that of the Statuspage API. */
const badgeServiceOf = (args: FeedArgs, path: string): SnapshotService | null => {
  const id = ADDRESS.exec(path)?.[1];
  if (id === undefined) return null;
  return (
    args.snapshot.services.find((service) => service.id === id || statuspageId("component", service.id) === id) ?? null
  );
};

/**
 * A badge of one service: `metric` (state, uptime, sli, budget), `style`, `label`, `lang`, `days` of uptime, `slo`.
 * Null: the page shows no such service, whether or not there is one.
 * @throws AppError INVALID_REQUEST for a value that a parameter cannot have, NOT_FOUND for an unknown objective.
 */
export const serviceBadge = (args: FeedArgs, path: string, query: URLSearchParams): FeedFile | null => {
  const service = badgeServiceOf(args, path);
  if (service === null) return null;
  const reading = readingOf(args, service, query);
  const label = query.get("label") ?? reading.label;
  if (label.length > LONGEST_LABEL && query.has("label")) return invalid(`label may have ${LONGEST_LABEL} characters`);
  const words = FEED_WORDS[languageOf(args, query)];
  const badge: Badge =
    reading.message === null
      ? { label, message: words.noData, color: COLORS.unknown }
      : { label, message: reading.message, color: reading.color };
  if (path.endsWith(".json"))
    return { contentType: "application/json; charset=utf-8", body: shieldsJson(badge, false) };
  const style: BadgeStyle = oneOf(query, "style", BADGE_STYLES);
  return { contentType: "image/svg+xml", body: badgeSvg(badge, style) };
};
