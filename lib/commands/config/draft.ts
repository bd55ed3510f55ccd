import type { Tx } from "#db/database.ts";
import { readConfigText } from "#db/queries/config-versions.ts";
import { readEndpointIds } from "#db/queries/endpoints.ts";
import { lockConfig, readMirror } from "#db/queries/mirror.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { exportConfig } from "#lib/config/export/config.ts";
import type { Section } from "#lib/config/export/context.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { HandMade, StoredDocument } from "./in-force.ts";
import { configInForce, handMadeOf } from "./in-force.ts";
import type { Opened } from "./open-mirror.ts";
import { openMirror } from "./open-mirror.ts";
import { createVault, namesOfEndpoints } from "./settle-document.ts";

export type ConfiguredKind = "service" | "probe" | "slo";
export const LIST_OF = { service: "services", probe: "probes", slo: "slos" } as const;

/** A service in the words of the file, whose lists may be changed. */
export type DraftService = Section & { probes: readonly Section[]; slos?: readonly Section[] };

/** The configuration in force, locked, as a document that may be changed. */
export type Draft = {
  readonly before: { readonly version: bigint; readonly sha256: string };
  readonly kept: StoredDocument;
  readonly opened: Opened;
  readonly config: Config;
  readonly byHand: { readonly [Table in keyof HandMade]: Set<string> };
  /** All of the document but its services. */
  readonly rest: Section;
  readonly services: readonly DraftService[];
  /** Where the references of `services` lead. */
  readonly env: Readonly<Record<string, string>>;
};

/** @throws AppError NOT_READY before the first configuration was applied. */
export const openDraft = async (tx: Tx, secretBox: SecretBox): Promise<Draft> => {
  await lockConfig(tx);
  const before = await readConfigText(tx);
  if (before === null) throw new AppError("NOT_READY", "no configuration was applied yet");
  const kept = JSON.parse(before.text) as StoredDocument;
  const opened = openMirror(await readMirror(tx), { services: [], probes: [], slos: [] }, secretBox);
  const config = configInForce(opened, kept);
  const byHand = handMadeOf(opened);
  const { context, env } = createVault();
  const { services, ...rest } = exportConfig(config, context);
  const endpointIds = await readEndpointIds(tx);
  return {
    before,
    kept,
    opened,
    config,
    byHand: { services: new Set(byHand.services), probes: new Set(byHand.probes), slos: new Set(byHand.slos) },
    rest: {
      ...rest,
      notifications: namesOfEndpoints(endpointIds, context),
    },
    services: services as readonly DraftService[],
    env,
  };
};

/** Where a thing stands: its path, and the index of its service. Null: there is none in force. */
export const placeOf = (
  { services }: Pick<Draft, "services">,
  kind: ConfiguredKind,
  id: string,
): { readonly path: string; readonly at: number; readonly index: number } | null => {
  for (const [at, service] of services.entries()) {
    if (kind === "service") {
      if (service.id === id) return { path: `services[${at}]`, at, index: 0 };
      continue;
    }
    const index = (service[LIST_OF[kind]] ?? []).findIndex((one) => one.id === id);
    if (index !== -1) return { path: `services[${at}].${LIST_OF[kind]}[${index}]`, at, index };
  }
  return null;
};
