import type { Tx } from "#db/database.ts";
import type { Stored } from "#db/queries/mirror.ts";
import { recordVersion } from "#lib/commands/apply-config.ts";
import { isUnchanged } from "#lib/commands/config-changes.ts";
import { documentWith, rowsOf } from "#lib/commands/config-rows.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { ConfigError } from "#lib/config/config-error.ts";
import type { JudgeUrl } from "#lib/config/rules/egress.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { refuseFields, SHARED_PREFIX } from "./body-rules.ts";
import type { Draft, DraftService } from "./draft.ts";
import { toApiField } from "./file-words.ts";
import type { Opened } from "./open-mirror.ts";
import { allowAll, onlyByHand, settleDocument } from "./settle-document.ts";
import { compareMirror, writeMirror } from "./write-mirror.ts";

/** The world of a change to the configuration: everything in `tx` commits together, or not at all. */
export type ConfigWorld = {
  readonly tx: Tx;
  readonly now: EpochMs;
  readonly actor: string;
  readonly secretBox: SecretBox;
  readonly judgeUrl: JudgeUrl;
  /** The variables of the server; only those that are meant to be shared are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** What is wrong outside of what was asked for, in words that need no file: `service "shop", slos[0].probes[0]: …`. */
const toldOf = (services: readonly DraftService[], { path, message }: ConfigError): string => {
  const [, at, rest = ""] = /^services\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
  const id = at === undefined ? undefined : services[Number(at)]?.id;
  return `${id === undefined ? path : `service "${String(id)}"${rest === "" ? "" : `, ${rest}`}`}: ${message}`;
};

/** @param place path of what was asked for; null: what is wrong is not in it. */
const refuse = (services: readonly DraftService[], errors: readonly ConfigError[], place: string | null): never => {
  const isOwn = ({ path }: ConfigError): boolean =>
    place !== null && (path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`));
  refuseFields(
    errors.filter(isOwn).map(({ path, kind, message }) => ({
      field: toApiField(path.slice(place?.length ?? 0).replace(/^\./, "")),
      message,
      code: kind,
    })),
  );
  const told = errors.slice(0, 5).map((error) => toldOf(services, error));
  throw new AppError("CONFLICT", `the configuration would contradict itself: ${told.join("; ")}`);
};

/** The whole document, judged. What was in force before the address policy became stricter is not judged again. */
const settle = (world: ConfigWorld, draft: Draft, services: readonly DraftService[], place: string | null): Config => {
  const shared = Object.entries(world.env).filter(([name]) => name.startsWith(SHARED_PREFIX));
  const env = { ...Object.fromEntries(shared), ...draft.env };
  const settled = settleDocument({ ...draft.rest, services }, { env, judgeUrl: world.judgeUrl });
  if (settled.ok) return settled.config;
  const known = new Set<string>();
  const note: JudgeUrl = (url, allow) => {
    known.add(url);
    return allowAll(url, allow);
  };
  settleDocument({ ...draft.rest, services: draft.services }, { env, judgeUrl: note });
  const again = settleDocument(
    { ...draft.rest, services },
    { env, judgeUrl: (url, allow) => (known.has(url) ? allowAll(url, allow) : world.judgeUrl(url, allow)) },
  );
  return again.ok ? again.config : refuse(services, again.errors, place);
};

const mineOf = <Row extends { readonly managed_by: string }>(
  stored: ReadonlyMap<string, Stored<Row>>,
  wanted: readonly { readonly id: string }[],
): Map<string, Stored<Row>> => {
  const ids = new Set(wanted.map(({ id }) => id));
  return new Map([...stored].filter(([id, { row }]) => row.managed_by === "ui" || ids.has(id)));
};

/** Rows that the file does not own, as they should be and as they are: nothing else is compared or written. */
const byHandOnly = (draft: Draft, services: Config["services"]) => {
  const all = rowsOf({ ...draft.config, services }, draft.byHand);
  const isMine = ({ managed_by }: { readonly managed_by: string }): boolean => managed_by === "ui";
  const wanted = {
    locations: [],
    endpoints: [],
    services: all.services.filter(isMine),
    probes: all.probes.filter(isMine),
    slos: all.slos.filter(isMine),
  };
  const { opened } = draft;
  const stored: Opened = {
    ...opened,
    locations: new Map(),
    endpoints: new Map(),
    openedServices: mineOf(opened.openedServices, wanted.services),
    openedProbes: mineOf(opened.openedProbes, wanted.probes),
    openedSlos: mineOf(opened.openedSlos, wanted.slos),
  };
  return { wanted, stored };
};

/**
 * Judges services in the place of those in force and writes what the file does not own. Returns the version; the one in
 * force when nothing changed.
 * @throws AppError INVALID_REQUEST with every fault at `place`; CONFLICT when another thing would be wrong.
 */
export const writeDraft = async (
  world: ConfigWorld,
  draft: Draft,
  { services, place }: { readonly services: readonly DraftService[]; readonly place: string | null },
): Promise<{ readonly version: bigint; readonly changed: boolean; readonly config: Config }> => {
  const { tx, now, actor, secretBox } = world;
  const settled = settle(world, draft, services, place);
  const { servicesWithoutSlos: _, ...ownPage } = draft.kept.page;
  const hidden = settled.page.servicesWithoutSlos;
  const config: Config = {
    ...draft.config,
    page: { ...ownPage, ...(hidden === undefined ? {} : { servicesWithoutSlos: hidden }) },
    services: onlyByHand(settled.services, draft.config.services, draft.byHand),
  };
  const { wanted, stored } = byHandOnly(draft, config.services);
  const changes = compareMirror(wanted, stored, secretBox);
  const document = documentWith(draft.kept, config);
  const isSame = document.sha256 === draft.before.sha256 && Object.values(changes).every((table) => isUnchanged(table));
  if (isSame) return { version: draft.before.version, changed: false, config };
  await writeMirror(tx, { changes, mirror: stored, now, box: secretBox });
  const version = await recordVersion(tx, { before: draft.before, document, changes, actor, now });
  return { version, changed: true, config };
};
