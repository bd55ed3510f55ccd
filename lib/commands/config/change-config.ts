import { insertAudit } from "#db/queries/audit.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { exportConfig } from "#lib/config/export/config.ts";
import type { ExportContext, Section } from "#lib/config/export/context.ts";
import type { ConfiguredResource } from "#lib/contracts/configured.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { HIDDEN, withoutSecrets } from "#lib/core/without-secrets.ts";
import { checkBody, checkMove, checkNames, refuseFields } from "./body-rules.ts";
import type { ConfiguredKind, Draft, DraftService } from "./draft.ts";
import { LIST_OF, openDraft, placeOf } from "./draft.ts";
import { mergePatch, toApiWords, toFileWords } from "./file-words.ts";
import type { ConfigWorld } from "./write-draft.ts";
import { writeDraft } from "./write-draft.ts";

const NAMES = { service: "service", probe: "probe", slo: "SLO" } as const;
const HIDING: ExportContext = { secret: () => HIDDEN, header: (_name, value) => value };

const hideAll = (config: Config): Config => ({
  ...config,
  services: config.services.map((service) => ({
    ...service,
    probes: service.probes.map(withoutSecrets),
    slos: service.slos.map(withoutSecrets),
    ...(service.thresholdAlerts === undefined ? {} : { thresholdAlerts: withoutSecrets(service.thresholdAlerts) }),
  })),
});

const itemOf = (services: readonly DraftService[], kind: ConfiguredKind, id: string): Section | null => {
  const place = placeOf({ services }, kind, id);
  if (place === null) return null;
  const service = services[place.at];
  return (kind === "service" ? service : service?.[LIST_OF[kind]]?.[place.index]) ?? null;
};

/** A thing as it is configured, in the words of the API and without secrets; null when there is none. */
const shown = (config: Config, kind: ConfiguredKind, id: string): Section | null => {
  const { services } = exportConfig({ ...hideAll(config), notifications: [] }, HIDING);
  const item = itemOf(services as readonly DraftService[], kind, id);
  return item === null ? null : toApiWords(item);
};

const fieldsOf = (body: Section): Section => {
  const section = toFileWords(body);
  refuseFields([...checkNames(body), ...checkBody(section)]);
  return section;
};

const textIds = (list: unknown): string[] =>
  Array.isArray(list)
    ? list.flatMap((one: { id?: unknown } | null) => (typeof one?.id === "string" ? [one.id] : []))
    : [];

/** All that comes with a service is of the same hand. */
const own = ({ byHand }: Draft, kind: ConfiguredKind, section: Section): void => {
  if (typeof section.id === "string") byHand[LIST_OF[kind]].add(section.id);
  if (kind !== "service") return;
  for (const id of textIds(section.probes)) byHand.probes.add(id);
  for (const id of textIds(section.slos)) byHand.slos.add(id);
};

/** @throws AppError CONFLICT when one of the ids is in use; the file owns what it names. */
const assertFree = (draft: Draft, kind: ConfiguredKind, ids: readonly string[], replaced: Section | null): void => {
  for (const id of ids) {
    const isReplaced = replaced !== null && textIds(replaced[LIST_OF[kind]]).includes(id);
    if (isReplaced || placeOf(draft, kind, id) === null) continue;
    const owner = draft.byHand[LIST_OF[kind]].has(id) ? "was made by API" : "stands in nines.yaml";
    throw new AppError("CONFLICT", `the id "${id}" is taken: a ${NAMES[kind]} with it ${owner}`);
  }
};

const replaceAt = <Item>(list: readonly Item[], index: number, items: readonly Item[]): Item[] => [
  ...list.slice(0, index),
  ...items,
  ...list.slice(index + 1),
];

/** The services with something in the place of a thing; nothing there takes it out. */
const withItem = (draft: Draft, kind: ConfiguredKind, id: string, items: readonly Section[]): DraftService[] => {
  const place = placeOf(draft, kind, id);
  if (place === null) return [...draft.services];
  if (kind === "service") return replaceAt(draft.services, place.at, items as readonly DraftService[]);
  const service = draft.services[place.at] as DraftService;
  const changed = { ...service, [LIST_OF[kind]]: replaceAt(service[LIST_OF[kind]] ?? [], place.index, items) };
  return replaceAt(draft.services, place.at, [changed as DraftService]);
};

type Told = { readonly kind: ConfiguredKind; readonly id: string; readonly change: "created" | "updated" | "deleted" };

const tell = async (world: ConfigWorld, told: Told, states: { before: Config; after: Config; version: bigint }) => {
  const { tx, now, actor } = world;
  const { kind, id, change } = told;
  const type = `${kind}.${change}` as const;
  const service = (change === "deleted" ? states.before : states.after).services.find(
    (one) => one.id === id || one.probes.some((probe) => probe.id === id) || one.slos.some((slo) => slo.id === id),
  );
  const before = change === "created" ? null : shown(states.before, kind, id);
  const after = change === "deleted" ? null : shown(states.after, kind, id);
  await insertAudit(tx, { at: now, actor, action: type, subject: id, before, after });
  const version = states.version.toString();
  const data: ConfiguredResource = { id, kind, serviceId: service?.id ?? id, managedBy: "ui", change, actor, version };
  const dedupKey = `${type}:${id}:${version}`;
  await recordEvent(tx, { type, subject: id, dedupKey, data, occurredAt: now, notify: null, now });
};

/**
 * Makes a service, a probe or an SLO that the file does not own. `body` is what the file would say, in camelCase.
 * @param serviceId of probes and SLOs: what they belong to.
 * @throws AppError INVALID_REQUEST with every fault; CONFLICT
 */
export const createConfigured = async (
  world: ConfigWorld,
  kind: ConfiguredKind,
  { serviceId, ...body }: Section,
): Promise<string> => {
  const section = mergePatch({}, fieldsOf(body));
  const draft = await openDraft(world.tx, world.secretBox);
  const id = String(section.id);
  assertFree(draft, kind, [id], null);
  if (kind === "service") {
    assertFree(draft, "probe", textIds(section.probes), null);
    assertFree(draft, "slo", textIds(section.slos), null);
  }
  const at = kind === "service" ? draft.services.length : draft.services.findIndex((one) => one.id === serviceId);
  if (at === -1) refuseFields([{ field: "serviceId", message: "no service has this id", code: "reference" }]);
  own(draft, kind, section);
  const service = draft.services[at];
  const list = kind === "service" ? [] : (service?.[LIST_OF[kind]] ?? []);
  const services =
    kind === "service"
      ? [...draft.services, section as DraftService]
      : replaceAt(draft.services, at, [{ ...service, [LIST_OF[kind]]: [...list, section] } as DraftService]);
  const place = kind === "service" ? `services[${at}]` : `services[${at}].${LIST_OF[kind]}[${list.length}]`;
  const { version, config } = await writeDraft(world, draft, { services, place });
  await tell(world, { kind, id, change: "created" }, { before: draft.config, after: config, version });
  return id;
};

/** @throws AppError NOT_FOUND; CONFLICT for what the file owns */
const openOwn = async (world: ConfigWorld, kind: ConfiguredKind, id: string) => {
  const draft = await openDraft(world.tx, world.secretBox);
  const place = placeOf(draft, kind, id);
  const item = itemOf(draft.services, kind, id);
  if (place === null || item === null) throw new AppError("NOT_FOUND", `there is no ${NAMES[kind]} with this id`);
  if (!draft.byHand[LIST_OF[kind]].has(id))
    throw new AppError("CONFLICT", `the ${NAMES[kind]} "${id}" stands in the configuration file: change nines.yaml`);
  return { draft, item, place: place.path };
};

/**
 * Changes what a patch names (RFC 7396: null takes a field away, lists are replaced as a whole).
 * @throws AppError NOT_FOUND; CONFLICT for what the file owns; INVALID_REQUEST with every fault
 */
export const changeConfigured = async (
  world: ConfigWorld,
  kind: ConfiguredKind,
  id: string,
  body: Section,
): Promise<void> => {
  const patch = fieldsOf(body);
  const { draft, item, place } = await openOwn(world, kind, id);
  const probes = draft.config.services.flatMap((service) => service.probes);
  refuseFields(checkMove(patch, (kind === "probe" ? probes.find((one) => one.id === id) : undefined) ?? null));
  const section = { ...mergePatch(item, patch), id };
  if (kind === "service") {
    for (const list of ["probe", "slo"] as const) assertFree(draft, list, textIds(patch[LIST_OF[list]]), item);
    own(draft, kind, section);
  }
  const services = withItem(draft, kind, id, [section]);
  const { version, changed, config } = await writeDraft(world, draft, { services, place });
  if (changed) await tell(world, { kind, id, change: "updated" }, { before: draft.config, after: config, version });
};

/** Ends a thing with all that belongs to it; what was measured stays. @throws AppError NOT_FOUND; CONFLICT */
export const removeConfigured = async (world: ConfigWorld, kind: ConfiguredKind, id: string): Promise<void> => {
  const { draft } = await openOwn(world, kind, id);
  const services = withItem(draft, kind, id, []);
  const { version, config } = await writeDraft(world, draft, { services, place: null });
  await tell(world, { kind, id, change: "deleted" }, { before: draft.config, after: config, version });
};
