import { randomBytes } from "node:crypto";
import { stringify } from "yaml";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import type { Config } from "#lib/core/definitions.ts";
import { epochMs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

// A file, and a service that is written either there or by API.

export const T0 = epochMs(Date.UTC(2026, 10, 22, 12));
export const KEY = randomBytes(32);
export const box = createSecretBox(KEY);
const SIGNING = `whsec_${"QUJD".repeat(8)}`;
export const ENV = {
  HOOK: "https://hooks.example.org/C4n4ry",
  KEY: SIGNING,
  NINES_SHARED_TOKEN: "C4n4ry-of-the-probe",
};

export const FILE = {
  version: 1,
  page: { name: "Acme", url: "https://status.acme.example", time_zone: "Asia/Seoul", languages: ["en", "ko"] },
  egress: { allow: ["10.0.0.0/8"] },
  locations: [{ id: "fra", name: "Frankfurt" }, { id: "sel" }],
  services: [
    {
      id: "shop",
      name: "Shop API",
      publish_slos: false,
      probes: [
        { id: "shop-home", type: "http", url: "https://shop.example.com/", interval: "30s", locations: ["fra"] },
      ],
      slos: [{ id: "shop-slo", sli: "availability", probes: ["shop-home"], objective: 99.9, window: "28d" }],
    },
  ],
  notifications: [
    { id: "oncall", type: "webhook", url: "env:HOOK", secret: "env:KEY", headers: { "x-key": "env:KEY" } },
  ],
};
export const BLOG = {
  id: "blog",
  name: "Blog",
  description: "News",
  depends_on: ["shop"],
  publish_slos: false,
  probes: [
    {
      id: "blog-home",
      type: "http",
      url: "https://blog.example.com/",
      interval: "1m",
      locations: ["fra", "sel"],
      auth: { bearer: "env:NINES_SHARED_TOKEN" },
      assertions: [{ type: "latency", op: "lt", value: "800ms" }],
    },
    { id: "blog-ping", type: "icmp", host: "10.1.2.3", interval: "20s", locations: ["sel"] },
  ],
  slos: [
    {
      id: "blog-slo",
      sli: "latency",
      threshold: "300ms",
      probes: ["blog-home"],
      objective: 99.5,
      window: { calendar: "month" },
      budget_policy: [{ remaining_below: 10, action: "freeze" }],
    },
  ],
  threshold_alerts: [{ id: "blog-errors", metric: "error_rate_5xx", value: 2.5 }],
};
export const camel = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    camel(inner),
  ]);
  return Object.fromEntries(entries) as unknown;
};
export const BODY = camel(BLOG) as Record<string, unknown>;

/** A file as it is loaded. */
export const read = (document: unknown, env: Readonly<Record<string, string>> = ENV): Config => {
  const bytes = Buffer.from(typeof document === "string" ? document : stringify(document));
  const loaded = loadConfig({ bytes, env, judgeUrl });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
};
