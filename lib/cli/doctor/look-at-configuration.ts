import { cureFor } from "#lib/config/cures.ts";
import type { ConfigResult } from "#lib/config/load-config.ts";
import type { Config, EndpointDefinition, SloDefinition } from "#lib/core/definitions.ts";
import type { Finding } from "./finding.ts";
import { ok, problem, warning } from "./finding.ts";

const takes = (endpoint: EndpointDefinition, type: string): boolean =>
  endpoint.events.includes("*") || endpoint.events.includes(type);

/** SLOs whose page alerts reach no channel. */
const unheardSlos = (config: Config): SloDefinition[] => {
  const listeners = new Set(config.notifications.filter((one) => takes(one, "alert.firing")).map(({ id }) => id));
  return config.services
    .flatMap(({ slos }) => slos)
    .filter(({ burnRateAlerts }) =>
      burnRateAlerts.every(({ notify }) =>
        notify === null ? listeners.size === 0 : !notify.some((id) => listeners.has(id)),
      ),
    );
};

const lookAtPage = ({ page }: Config): Finding => {
  if (page.url === null)
    return warning(
      "page_url",
      "page.url is not set: links in feeds, mails and alerts lead to this machine's own address",
      "Set page.url to the address that customers use.",
    );
  return page.url.startsWith("https://")
    ? ok("page_url", `the page is at ${page.url}`)
    : warning("page_url", `${page.url} is not https`, "Put TLS in front (docs/deploying.md) and write https:// there.");
};

const lookAtAlerting = (config: Config): Finding[] => {
  const unheard = unheardSlos(config).map(({ id }) => id);
  const findings: Finding[] = [];
  if (unheard.length > 0)
    findings.push(
      problem(
        "alerts_unheard",
        `nobody is told when these SLOs burn: ${unheard.slice(0, 5).join(", ")}${unheard.length > 5 ? ", …" : ""}`,
        "Add a notification with alert.firing among its events, or name one in the alert's notify.",
      ),
    );
  const pagers = config.notifications.filter((one) => takes(one, "alert.firing"));
  if (pagers.length > 0 && !pagers.some(({ fallbackId }) => fallbackId !== undefined))
    findings.push(
      warning(
        "no_fallback",
        "no channel for alerts has a fallback",
        "Give it `fallback: ID` of a second channel that does not share its fate.",
      ),
    );
  if (config.deadMan === undefined)
    findings.push(
      warning(
        "no_dead_man",
        "nobody notices when Nines itself is gone",
        "Set dead_man to the address of an outside watcher (docs/operating.md).",
      ),
    );
  return findings.length === 0
    ? [ok("alerting", "alerts have a channel, a fallback and an outside watcher")]
    : findings;
};

const lookAtEgress = ({ egress }: Config): Finding[] => {
  const wide = egress.allow.filter((range) => /\/[0-7]$/.test(range));
  return wide.length === 0
    ? []
    : [
        problem(
          "egress_open",
          `egress.allow opens ${wide.join(", ")}: probes and webhooks may reach this machine and its cloud's metadata`,
          "Name the few networks that your probes need.",
        ),
      ];
};

/** What the file says, and what it leaves unsaid. */
export const lookAtConfiguration = (path: string, result: ConfigResult): Finding[] => {
  if (!result.ok)
    return result.errors.map((fault) =>
      problem(
        "configuration",
        `${path}: ${fault.path === "" ? "the file" : fault.path}: ${fault.message}`,
        cureFor(fault),
      ),
    );
  return [
    ok("configuration", `${path} can be used`),
    ...result.warnings.map((one) =>
      warning("configuration", `${one.path}: ${one.message}`, 'See "nines check" for what to do.'),
    ),
    lookAtPage(result.config),
    ...lookAtAlerting(result.config),
    ...lookAtEgress(result.config),
  ];
};
