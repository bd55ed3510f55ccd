import type { Complaint, Fault, Path } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import type { Ids, Placed } from "../references.ts";
import { checkReferences, entriesOf, fieldOf } from "../references.ts";
import type { EgressRules } from "../rules/egress.ts";
import { checkHeaderValue } from "../rules/header.ts";
import { checkMailServer, checkOwnHeader, checkRoutingKey, isReference } from "../rules/notification.ts";
import { checkWebUrl } from "../rules/url.ts";
import { ID } from "../scalars.ts";
import type { SecretSources } from "../secrets.ts";
import { resolveSecret } from "../secrets.ts";
import type { Suggest } from "../suggest.ts";
import { didYouMean } from "../suggest.ts";
import { checkHeaders, followSecret, placed } from "./request.ts";

export type NotificationDeps = {
  readonly rules: EgressRules;
  readonly secrets: SecretSources;
  readonly suggest: Suggest;
  readonly services: Ids;
  readonly notifications: Ids;
  readonly keepSecret: (path: Path, value: string) => void;
};

/** What the address policy says of a mail server. Without encryption it must be one that the file allows by name. */
const judgeMailServer = (url: string, isPlain: boolean, rules: EgressRules): Complaint | null => {
  if (checkMailServer(url) !== null) return null;
  const { hostname } = new URL(url);
  if (!isPlain || url.toLowerCase().startsWith("smtps:")) return rules.checkHost(hostname.replace(/^\[|\]$/g, ""));
  if (rules.checkWebhookUrl(`http://${hostname}/`) === null) return null;
  return { kind: "unsafe", message: "sends without encryption only to hosts that egress.allow names" };
};

type ValueDeps = Pick<NotificationDeps, "rules" | "secrets" | "keepSecret">;

const checkUrl = (entry: Placed<Mapping>, deps: ValueDeps): Fault[] => {
  const { url, type, starttls } = entry.value;
  if (typeof url !== "string") return [];
  const isMail = type === "email";
  const judge = (address: string): Complaint | null =>
    isMail ? judgeMailServer(address, starttls === false, deps.rules) : deps.rules.checkWebhookUrl(address);
  const { path } = fieldOf(entry, "url");
  if (!isReference(url)) return placed(path, judge(url));
  return followSecret(entry, "url", deps, (address) => {
    const form = (isMail ? checkMailServer : checkWebUrl)(address);
    return form === null ? judge(address) : { ...form, message: `names an address that ${form.message}` };
  }).faults;
};

const checkBearer = (value: string): Complaint | null =>
  checkHeaderValue(value) === null ? null : { kind: "format", message: "names a token that no header can hold" };

const checkSecret = (entry: Placed<Mapping>, deps: ValueDeps): Fault[] => {
  const { type, secret } = entry.value;
  if (type === "pagerduty") return followSecret(entry, "secret", deps, checkRoutingKey).faults;
  if (type === "alertmanager" || type === "ntfy") return followSecret(entry, "secret", deps, checkBearer).faults;
  if (type === "email") return followSecret(entry, "secret", deps).faults;
  if (type !== "webhook" || typeof secret !== "string") return [];
  const resolved = resolveSecret(secret, deps.secrets);
  if (!resolved.ok) return placed([...entry.path, "secret"], resolved.complaint);
  deps.keepSecret([...entry.path, "secret"], resolved.secret);
  return [];
};

const checkSignIn = (entry: Placed<Mapping>): Fault[] => {
  const { type, username, secret, starttls, url } = entry.value;
  if (type !== "email") return [];
  const missing = (key: string, other: string): Fault[] =>
    placed([...entry.path, key], { kind: "missing", message: `is required beside ${other}` });
  const isTls = typeof url === "string" && /^smtps:/i.test(url);
  return [
    ...(username !== undefined && secret === undefined ? missing("secret", "username") : []),
    ...(secret !== undefined && username === undefined ? missing("username", "secret") : []),
    ...(starttls === true && isTls
      ? placed([...entry.path, "starttls"], {
          kind: "conflict",
          message: "belongs to smtp; smtps is encrypted already",
        })
      : []),
  ];
};

const checkOwnHeaders = (entry: Placed<Mapping>, deps: NotificationDeps): Fault[] => {
  const headers = fieldOf(entry, "headers");
  if (!isMapping(headers.value)) return [];
  const faults = checkHeaders(entry);
  if (faults.length > 0) return faults;
  const { type, secret } = entry.value;
  const hasToken = secret !== undefined && (type === "alertmanager" || type === "ntfy");
  return Object.entries(headers.value).flatMap(([name, value]): Fault[] => {
    const path = [...headers.path, name];
    const ours = checkOwnHeader(name);
    if (ours !== null) return placed(path, ours);
    if (hasToken && name.toLowerCase() === "authorization")
      return placed(path, { kind: "conflict", message: "cannot stand beside secret, which is sent in it" });
    return typeof value === "string" && isReference(value) ? followSecret(headers, name, deps, checkBearer).faults : [];
  });
};

const checkQuietHours = (entry: Placed<Mapping>): Fault[] => {
  const quiet = fieldOf(entry, "quiet_hours");
  if (!isMapping(quiet.value)) return [];
  const { from, to } = quiet.value;
  return [
    ...(typeof from === "string" && from === to
      ? placed([...quiet.path, "to"], { kind: "conflict", message: "must not be the time of from" })
      : []),
    ...entriesOf(quiet, "severities").flatMap(({ path, value }) =>
      value === "page" ? placed(path, { kind: "conflict", message: "cannot be page: pages never wait" }) : [],
    ),
  ];
};

const checkRepeated = (entry: Placed, key: string): Fault[] => {
  const entries = entriesOf(entry, key);
  const values = entries.map(({ value }) => value);
  return entries
    .filter(({ value }, index) => typeof value === "string" && values.indexOf(value) < index)
    .map(({ path }) => ({ path, kind: "duplicate", message: "is in the list already" }));
};

const checkFallback = (entry: Placed<Mapping>, { notifications, suggest }: NotificationDeps): Fault[] => {
  const { path, value } = fieldOf(entry, "fallback");
  if (typeof value !== "string" || !notifications.isComplete || notifications.known.has(value)) return [];
  const shown = ID.test(value) ? ` "${value}"` : "";
  const message = `no notification has the id${shown}${didYouMean(suggest(value, notifications.known))}`;
  return [{ path, kind: "reference", message }];
};

/** One fault for each `fallback` that closes a circle, in the order of the file. */
const findCircles = (entries: readonly Placed<Mapping>[]): Fault[] => {
  const next = new Map<string, string>();
  return entries.flatMap((entry): Fault[] => {
    const { id, fallback } = entry.value;
    if (typeof id !== "string" || typeof fallback !== "string" || next.has(id)) return [];
    next.set(id, fallback);
    const trail = [id];
    for (let at: string | undefined = fallback; at !== undefined && trail.length <= next.size + 1; at = next.get(at)) {
      trail.push(at);
      if (at !== id) continue;
      next.delete(id);
      const message = trail.length === 2 ? "must not be the notification itself" : "closes a circle of fallbacks";
      return [{ path: [...entry.path, "fallback"], kind: "conflict", message }];
    }
    return [];
  });
};

/** Checks what takes more than one value to judge in notifications, or the policy, or a secret. */
export const checkNotifications = (entries: readonly Placed<Mapping>[], deps: NotificationDeps): Fault[] => [
  ...entries.flatMap((entry) => [
    ...checkUrl(entry, deps),
    ...checkSecret(entry, deps),
    ...checkSignIn(entry),
    ...checkOwnHeaders(entry, deps),
    ...checkQuietHours(entry),
    ...checkRepeated(entry, "events"),
    ...checkRepeated(entry, "severities"),
    ...checkRepeated(entry, "to"),
    ...checkReferences(entry, "services", deps.services, deps.suggest),
    ...checkFallback(entry, deps),
  ]),
  ...findCircles(entries),
];

/** The section `mail`: the same rules as of a notification by mail. */
export const checkMail = ({ path, value }: Placed, deps: ValueDeps): Fault[] => {
  if (!isMapping(value)) return [];
  const entry = { path, value: { ...value, type: "email" } };
  return [...checkUrl(entry, deps), ...checkSecret(entry, deps), ...checkSignIn(entry)];
};
