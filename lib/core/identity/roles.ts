import type { Scope } from "../access/authorise.ts";
import { SCOPES } from "../access/authorise.ts";

/** What a person may do, from little to all. */
export const ROLES = ["viewer", "responder", "editor", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** What only administrators see. */
const ADMIN_ONLY: ReadonlySet<string> = new Set(["keys", "users", "audit"]);
/** Those on call: what goes on is told, silenced and planned. */
const RESPONDER_WRITES: readonly string[] = ["incidents", "alerts", "silences", "maintenances", "jobs"];
/** Those who look after the set-up. */
const EDITOR_WRITES: readonly string[] = [
  ...RESPONDER_WRITES,
  "exclusions",
  "endpoints",
  "deliveries",
  "subscribers",
  "statements",
  "services",
  "probes",
  "slos",
];

const WRITES: Readonly<Record<Exclude<Role, "admin">, ReadonlySet<string>>> = {
  viewer: new Set(),
  responder: new Set(RESPONDER_WRITES),
  editor: new Set(EDITOR_WRITES),
};

/** The scopes of a role. A resource that is named nowhere here is written by administrators only. */
export const scopesOfRole = (role: Role): readonly Scope[] => {
  if (role === "admin") return SCOPES;
  return SCOPES.filter((scope) => {
    const [resource = "", verb] = scope.split(":");
    if (ADMIN_ONLY.has(resource)) return false;
    return verb === "read" || WRITES[role].has(resource);
  });
};

/** The stronger of two roles. */
export const strongerRole = (a: Role, b: Role): Role => (ROLES.indexOf(a) >= ROLES.indexOf(b) ? a : b);
