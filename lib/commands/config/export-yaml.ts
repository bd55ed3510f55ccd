import type { Db } from "#db/database.ts";
import { readConfigText } from "#db/queries/config-versions.ts";
import { readDeadMan } from "#db/queries/dead-man.ts";
import { readMailSettings } from "#db/queries/mail-settings.ts";
import type { EndpointPlain } from "#db/queries/mirror.ts";
import { readMirror } from "#db/queries/mirror.ts";
import { DEAD_MAN_CONTEXT } from "#lib/commands/apply-dead-man.ts";
import { openMailSettings } from "#lib/commands/apply-mail.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { YamlExport } from "#lib/config/to-yaml.ts";
import { toYaml } from "#lib/config/to-yaml.ts";
import type { Config, EndpointDefinition } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { durationMs } from "#lib/core/units.ts";
import { HIDDEN } from "#lib/core/without-secrets.ts";
import type { StoredDocument } from "./in-force.ts";
import { configInForce } from "./in-force.ts";
import { openEndpoints, openMirror } from "./open-mirror.ts";

const endpointOf = (row: EndpointPlain): EndpointDefinition => ({
  id: row.id,
  type: row.type,
  url: row.url,
  secret: row.secret,
  events: row.events,
  timeoutMs: durationMs(row.timeout_ms),
  ...(row.headers === null ? {} : { headers: row.headers }),
  ...(row.description === null ? {} : { description: row.description }),
  ...(Object.keys(row.filters).length === 0 ? {} : { filters: row.filters }),
  ...(Object.keys(row.settings).length === 0 ? {} : { settings: row.settings }),
  ...(row.is_ordered ? { isOrdered: true } : {}),
  ...(row.max_in_flight === 8 ? {} : { maxInFlight: row.max_in_flight }),
  ...(row.max_per_second === null ? {} : { maxPerSecond: row.max_per_second }),
  ...(row.fallback_id === null ? {} : { fallbackId: row.fallback_id }),
});

/** What cannot be opened with the present key is named all the same. */
const openOr = <Value>(open: () => Value, otherwise: Value): Value => {
  try {
    return open();
  } catch {
    return otherwise;
  }
};

const readRest = async (db: Db, box: SecretBox, kept: Partial<Config>) => {
  const deadMan = await readDeadMan(db);
  const mail = await readMailSettings(db);
  return {
    ...(kept.pages === undefined ? {} : { pages: kept.pages }),
    ...(kept.staticSite === undefined ? {} : { staticSite: kept.staticSite }),
    ...(kept.isSandbox === true ? { isSandbox: true as const } : {}),
    ...(kept.telemetry === undefined ? {} : { telemetry: kept.telemetry }),
    ...(kept.incidents === undefined ? {} : { incidents: kept.incidents }),
    ...(kept.identity === undefined ? {} : { identity: kept.identity }),
    ...(deadMan === null
      ? {}
      : {
          deadMan: {
            url: openOr(() => box.open(deadMan.urlCiphertext, DEAD_MAN_CONTEXT), HIDDEN),
            method: deadMan.method,
            intervalMs: durationMs(deadMan.intervalMs),
          },
        }),
    ...(mail === null
      ? {}
      : {
          mail: openOr(() => openMailSettings(box, mail), {
            url: HIDDEN,
            secret: mail.secretCiphertext === "" ? "" : HIDDEN,
            from: mail.sender,
            username: mail.username,
            starttls: mail.starttls,
            maxPerSecond: mail.maxPerSecond,
          }),
        }),
  };
};

/**
 * Everything in force as the text of one file, what was made by API too; `env` names variables in the place of secrets.
 * @throws AppError NOT_READY before the first configuration was applied
 */
export const exportYaml = async (db: Db, box: SecretBox): Promise<YamlExport> => {
  const newest = await readConfigText(db);
  if (newest === null) throw new AppError("NOT_READY", "no configuration was applied yet");
  const kept = JSON.parse(newest.text) as StoredDocument & Partial<Config>;
  const opened = openMirror(await readMirror(db, { allEndpoints: true }), { services: [], probes: [], slos: [] }, box);
  const endpoints = [...openEndpoints(opened.endpoints, box).values()].filter(({ isRetired }) => !isRetired);
  return toYaml({
    ...configInForce(opened, kept),
    ...(await readRest(db, box, kept)),
    notifications: endpoints.map(({ row }) => endpointOf(row)),
  });
};
