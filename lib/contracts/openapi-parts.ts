import type { OperationTag } from "./operations/operation.ts";

/** What the description says once: groups of operations, and how callers show who they are. */

const OF_OPERATIONS: Readonly<Record<OperationTag, string>> = {
  services: "What customers know by name",
  config: "The configuration in force: its history, what was made by hand, and all of it as YAML",
  incidents: "What customers are told of, in updates",
  maintenances: "Planned work, once or by a rule",
  probes: "What is checked, its parts, and single runs",
  slos: "Objectives and their error budgets",
  budgets: "What is left of what may fail",
  alerts: "Alerts on burn rates and thresholds, and who looks after them",
  silences: "Times in which nobody is told of alerts",
  exclusions: "Times that do not count as they were measured, and why",
  statements: "What was promised and kept in a month or a quarter",
  endpoints: "Where events are sent to",
  deliveries: "What became of sending events",
  events: "What happened, for whoever catches up",
  live: "Events as they happen",
  metrics: "Rate, errors and durations of probes",
  locations: "Where probes run, and how well each place sees",
  jobs: "Work that takes longer than a request",
  keys: "Keys of this API",
  users: "Who may sign in, and as what",
  audit: "Who changed what",
  meta: "This installation",
  subscribers: "Who outside is told, and of what",
  statuspage: "The Statuspage-compatible API; served without the database, for any origin",
  health: "For load balancers and orchestrators",
};
const OF_PROGRAMS: Readonly<Record<string, string>> = {
  prometheus: "For Prometheus and its like",
  heartbeats: "Where work reports that it ran",
  agents: "For agents of remote locations",
  webhooks: "What endpoints receive",
};
/** Groups in the order of the reference. */
export const TAGS = Object.entries({ ...OF_OPERATIONS, ...OF_PROGRAMS }).map(([name, description]) => ({
  name,
  description,
}));

export const SECURITY_SCHEMES = {
  bearerAuth: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "API key or JWT",
    description:
      "A key of this API (`nk_live_…`, made by `nines key create`) or, where an issuer is configured, its JWT access token (RS256 or ES256). It opens the operations of its scopes.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "nines_session",
    description: "The cookie of a sign-in; over https it is `__Host-nines_session`",
  },
  agentToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "Signed by the agent with ES256 or RS256 under its registered key, good for five minutes",
  },
  heartbeatToken: { type: "http", scheme: "bearer", description: "The secret of the heartbeat" },
} as const;
