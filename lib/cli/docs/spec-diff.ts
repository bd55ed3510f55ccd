import type { Direction, Schemas } from "./schema-diff.ts";
import { schemaDiff } from "./schema-diff.ts";

/** Compares two OpenAPI documents: what breaks clients, and what is new. docs/api-changes.md has the rules in words. */

type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema?: unknown };
type Body = { readonly required?: boolean; readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> };
type Operation = {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses?: Readonly<Record<string, Body>>;
};
type Items = Readonly<Record<string, Readonly<Record<string, Operation>>>>;
export type Spec = {
  readonly paths: Items;
  readonly webhooks?: Items;
  readonly components: { readonly schemas?: Schemas };
};
export type SpecDiff = { readonly breaking: readonly string[]; readonly added: readonly string[] };

type Pair = { readonly before: Spec; readonly after: Spec };

const contextOf = ({ before, after }: Pair, direction: Direction) => ({
  before: before.components.schemas ?? {},
  after: after.components.schemas ?? {},
  direction,
  seen: new Set<string>(),
});

const contentDiff = (pair: Pair, old: Body | undefined, now: Body | undefined, at: string, way: Direction): string[] =>
  Object.entries(old?.content ?? {}).flatMap(([type, { schema }]) => {
    const media = now?.content?.[type];
    if (media === undefined) return [`${at}: ${type} is gone`];
    return schemaDiff(schema, media.schema, at, contextOf(pair, way));
  });

const parametersDiff = (pair: Pair, old: Operation, now: Operation, at: string): string[] => {
  const find = (list: readonly Parameter[] | undefined, one: Parameter) =>
    list?.find(({ name, in: place }) => name === one.name && place === one.in);
  const gone = (old.parameters ?? [])
    .filter((one) => find(now.parameters, one) === undefined)
    .map(({ name }) => `${at}: the parameter ${name} is gone`);
  const changed = (now.parameters ?? []).flatMap((one) => {
    const before = find(old.parameters, one);
    const place = `${at}?${one.name}`;
    if (before === undefined) return one.required === true ? [`${place}: a new parameter is required`] : [];
    const strict = one.required === true && before.required !== true ? [`${place}: it is required now`] : [];
    return [...strict, ...schemaDiff(before.schema, one.schema, place, contextOf(pair, "request"))];
  });
  return [...gone, ...changed];
};

const isOpen = ({ security = [] }: Operation): boolean =>
  security.length === 0 || security.some((one) => Object.keys(one).length === 0);
const scopesOf = ({ security = [] }: Operation): readonly string[] =>
  security.flatMap((one) => Object.values(one).flat());

const securityDiff = (old: Operation, now: Operation, at: string): string[] => {
  if (isOpen(old)) return isOpen(now) ? [] : [`${at}: it needs a key now`];
  if (isOpen(now)) return [];
  const lost = scopesOf(old).filter((scope) => !scopesOf(now).includes(scope));
  return lost.map((scope) => `${at}: the scope ${scope} does not open it any more`);
};

const operationDiff = (pair: Pair, old: Operation, now: Operation, at: string): string[] => {
  const successes = Object.keys(old.responses ?? {}).filter((status) => status.startsWith("2"));
  const isRequired = now.requestBody?.required === true && old.requestBody === undefined;
  return [
    ...securityDiff(old, now, at),
    ...parametersDiff(pair, old, now, at),
    ...(isRequired ? [`${at}: a body is required now`] : []),
    ...contentDiff(pair, old.requestBody, now.requestBody, `${at} body`, "request"),
    ...successes.flatMap((status) => {
      const answer = now.responses?.[status];
      if (answer === undefined) return [`${at}: ${status} is gone`];
      return contentDiff(pair, old.responses?.[status], answer, `${at} ${status}`, "response");
    }),
  ];
};

const webhookDiff = (pair: Pair, type: string): string[] => {
  const old = pair.before.webhooks?.[type]?.post;
  const now = pair.after.webhooks?.[type]?.post;
  if (now === undefined) return [`event ${type}: it is gone`];
  // Events are written by us, so their bodies are judged as answers are.
  return contentDiff(pair, old?.requestBody, now.requestBody, `event ${type}`, "response");
};

const keysOf = (items: Items | undefined): readonly (readonly [string, string])[] =>
  Object.entries(items ?? {}).flatMap(([path, item]) => Object.keys(item).map((method) => [path, method] as const));
const has = (items: Items | undefined, path: string, method: string): boolean => items?.[path]?.[method] !== undefined;

/** What breaks clients from `before` to `after`, and which operations and events are new; one sentence each. */
export const specDiff = (before: Spec, after: Spec): SpecDiff => {
  const pair = { before, after };
  const operations = keysOf(before.paths).flatMap(([path, method]) => {
    const at = `${method.toUpperCase()} ${path}`;
    const [old, now] = [before.paths[path]?.[method], after.paths[path]?.[method]];
    if (old === undefined || now === undefined) return [`${at}: the operation is gone`];
    return operationDiff(pair, old, now, at);
  });
  const events = Object.keys(before.webhooks ?? {}).flatMap((type) => webhookDiff(pair, type));
  const added = [
    ...keysOf(after.paths)
      .filter(([path, method]) => !has(before.paths, path, method))
      .map(([path, method]) => `${method.toUpperCase()} ${path}`),
    ...Object.keys(after.webhooks ?? {})
      .filter((type) => !Object.hasOwn(before.webhooks ?? {}, type))
      .map((type) => `event ${type}`),
  ];
  return { breaking: [...new Set([...operations, ...events])], added };
};
