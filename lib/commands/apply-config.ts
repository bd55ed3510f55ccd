import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { insertConfigVersion, readConfigText } from "#db/queries/config-versions.ts";
import { readEndpointIds } from "#db/queries/endpoints.ts";
import { lockConfig, readMirror } from "#db/queries/mirror.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { applyDeadMan } from "./apply-dead-man.ts";
import { applyDesk } from "./apply-desk.ts";
import { applyMail } from "./apply-mail.ts";
import { handMadeOf, type StoredDocument, servicesInForce } from "./config/in-force.ts";
import { keepHandMade } from "./config/keep-hand-made.ts";
import { openMirror } from "./config/open-mirror.ts";
import type { MirrorChanges } from "./config/write-mirror.ts";
import { compareMirror, summaryOfChanges, writeMirror } from "./config/write-mirror.ts";
import { isUnchanged } from "./config-changes.ts";
import type { ConfigText } from "./config-rows.ts";
import { documentOf, rowsOf } from "./config-rows.ts";
import { hideOldSecrets } from "./hide-old-secrets.ts";
import type { SecretBox } from "./secret-box.ts";

/** @throws AppError CONFIG_INVALID */
const assertStorable = ({ text }: ConfigText): void => {
  // Postgres keeps no NUL inside JSON.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text))
    throw new AppError("CONFIG_INVALID", "a text of the configuration holds the character NUL");
};

/** What a configuration would change, and all that is needed to write it. Locks the configuration. */
export const comparePlanned = async (tx: Tx, file: Config, secretBox: SecretBox) => {
  await lockConfig(tx);
  const before = await readConfigText(tx);
  const stored = await readMirror(tx);
  const opened = openMirror(stored, rowsOf(file), secretBox);
  const byHand = handMadeOf(opened);
  const page = before === null ? null : (JSON.parse(before.text) as Partial<StoredDocument>).page;
  const config = keepHandMade(file, {
    services: servicesInForce(opened),
    byHand,
    hidden: page?.servicesWithoutSlos ?? [],
    endpointIds: await readEndpointIds(tx),
  });
  const document = documentOf(config);
  assertStorable(document);
  const changes = compareMirror(rowsOf(config, byHand), opened, secretBox);
  return { before, stored, mirror: opened, byHand, config, document, changes };
};

/** Writes a version with its audit entry. */
export const recordVersion = async (
  tx: Tx,
  args: {
    readonly before: { readonly version: bigint; readonly sha256: string } | null;
    readonly document: ConfigText;
    readonly changes: MirrorChanges;
    readonly actor: string;
    readonly now: EpochMs;
  },
): Promise<bigint> => {
  const { before, document, actor, now } = args;
  const { sha256 } = document;
  const changes = summaryOfChanges(args.changes);
  const version = await insertConfigVersion(tx, { sha256, document: document.text, actor, changes, now });
  await insertAudit(tx, {
    at: now,
    actor,
    action: "config.applied",
    subject: `config/${version}`,
    before: before === null ? null : { version: before.version.toString(), sha256: before.sha256 },
    after: { version: version.toString(), sha256, ...changes },
  });
  return version;
};

/**
 * Makes the rows of the file equal to a configuration, in the caller's transaction: writes what is new or changed, retires
 * what left the file, takes back what returned, and records a version with an audit entry. What was made by API stays. A changed probe or SLO gets a
 * new version from `now` on. A file that changes nothing writes nothing and gets no version.
 * @throws AppError CONFIG_INVALID when the configuration has no service or no location, or a text that cannot be stored.
 */
export const applyConfig = async (
  tx: Tx,
  args: { readonly config: Config; readonly now: EpochMs; readonly secretBox: SecretBox; readonly actor?: string },
): Promise<{ version: bigint; changed: boolean }> => {
  const { now, secretBox, actor = "config" } = args;
  if (args.config.services.length === 0 || args.config.locations.length === 0) {
    throw new AppError("CONFIG_INVALID", "a configuration without services or locations is never applied");
  }
  const planned = await comparePlanned(tx, args.config, secretBox);
  const { before, stored, mirror, config, document, changes } = planned;
  const { probes, slos, services } = changes;
  await hideOldSecrets(tx, {
    ...stored,
    retired: { probes: probes.retired, slos: slos.retired, services: services.retired },
  });
  const isDeadManChanged = await applyDeadMan(tx, config.deadMan, secretBox);
  const isMailChanged = await applyMail(tx, config.mail, secretBox);
  const isSame =
    !isDeadManChanged &&
    !isMailChanged &&
    before?.sha256 === document.sha256 &&
    Object.values(changes).every((table) => isUnchanged(table));
  if (before !== null && isSame) return { version: before.version, changed: false };

  await writeMirror(tx, { changes, mirror, now, box: secretBox });
  await applyDesk(tx, { config, sha256: document.sha256, now });
  return { version: await recordVersion(tx, { before, document, changes, actor, now }), changed: true };
};
