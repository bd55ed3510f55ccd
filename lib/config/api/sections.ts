import type { JsonSchema } from "../schema/keys.ts";
import { configJsonSchema, shapesOf } from "../schema/keys.ts";
import { camelOf, WHOLE } from "./words.ts";

/*
 * Bodies of services, probes and SLOs as the description of the API tells them: the schema of the file, turned by rule and
 * never by hand. Names of fields become camelCase; notes of the reference become part of the description; kinds of probes
 * and of assertions become components. The schema of the file stays what judges a body.
 */

type Fields = Readonly<Record<string, JsonSchema>>;
type Schema = JsonSchema & { readonly $ref?: string };

const componentRef = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` }) as Schema;
const pascalOf = (text: string): string => camelOf(`_${text}`);

/** What JSON Schema has no keyword for goes into the sentence that people read. */
const describe = (schema: JsonSchema): string | undefined => {
  const limits = schema["x-limits"];
  const standard = schema["x-default"];
  const notes = [
    ...(typeof limits === "string" ? [`limits: ${limits}`] : []),
    ...(typeof standard === "string" ? [`when left out: ${standard}`] : []),
  ];
  if (schema.description === undefined || notes.length === 0) return schema.description;
  return `${schema.description} (${notes.join("; ")})`;
};

const typeWordOf = (schema: JsonSchema): string | null => {
  const word = schema.properties?.type?.const;
  return typeof word === "string" ? word : null;
};

const mapFields = (fields: Fields, change: (schema: JsonSchema, name: string) => JsonSchema): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, change(inner, name)]));

/** A schema of the file in the words of the API. Kinds of assertions go into `components`. */
const inApiWords = (schema: JsonSchema, components: Map<string, JsonSchema>): JsonSchema => {
  const turn = (inner: JsonSchema): JsonSchema => inApiWords(inner, components);
  const kept = Object.entries(schema).filter(([key]) => !key.startsWith("x-"));
  const { properties, required, items, oneOf, anyOf } = schema;
  const description = describe(schema);
  const turned: JsonSchema = {
    ...(Object.fromEntries(kept) as JsonSchema),
    ...(description === undefined ? {} : { description }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [camelOf(key), turn(one)])) }),
    ...(required === undefined ? {} : { required: required.map(camelOf) }),
    ...(items === undefined ? {} : { items: turn(items) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(turn) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(turn) }),
  };
  const word = properties?.op === undefined ? null : typeWordOf(schema);
  if (word === null) return turned;
  const name = `${pascalOf(word)}Assertion`;
  components.set(name, turned);
  return componentRef(name);
};

const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: "null" }] });

/** A field that may be left out may also be null. */
const nullable = (fields: Fields, required: readonly string[]): Fields =>
  mapFields(fields, (schema, name) => (required.includes(name) ? schema : orNull(schema)));

/** A merge patch of an object (RFC 7396): nothing is required, null takes away what may be missing. */
const patchOf = (schema: JsonSchema): JsonSchema => {
  const { properties, required = [], ...rest } = schema;
  if (properties === undefined) return schema;
  const patched = mapFields(properties, (inner, name) => (WHOLE.has(name) ? inner : patchOf(inner)));
  return { ...rest, properties: nullable(patched, required) };
};

const without = (schema: JsonSchema, names: readonly string[]): JsonSchema => ({
  ...schema,
  properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name))),
  required: (schema.required ?? []).filter((name) => !names.includes(name)),
});

const OWNER: JsonSchema = {
  type: "string",
  minLength: 1,
  maxLength: 63,
  description: "Id of the service it belongs to",
};

const creationOf = (schema: JsonSchema, description: string): JsonSchema => ({
  ...schema,
  description,
  properties: { serviceId: OWNER, ...nullable(schema.properties ?? {}, schema.required ?? []) },
  required: ["serviceId", ...(schema.required ?? [])],
});

const PATCHED = "A merge patch: what is left out stays, null takes a field away, lists are replaced as a whole";
const changeOf = (schema: JsonSchema): JsonSchema => ({ ...patchOf(without(schema, ["id"])), description: PATCHED });

/** The components that take the place of what only routes a body, by their names in the description of the API. */
export const apiSections = (): Readonly<Record<string, JsonSchema>> => {
  const components = new Map<string, JsonSchema>();
  const service = inApiWords(configJsonSchema().properties?.services?.items ?? {}, components);
  const itemOf = (list: string): JsonSchema => service.properties?.[list]?.items ?? {};
  const kinds = shapesOf(itemOf("probes"));
  const named = kinds.map((kind) => [`${pascalOf(typeWordOf(kind) ?? "")}Probe`, kind] as const);
  const slo = itemOf("slos");
  const inService: Readonly<Record<string, string>> = {
    probes: "ProbeSection",
    slos: "SloSection",
    thresholdAlerts: "ThresholdAlertSection",
  };
  const withSections: JsonSchema = {
    ...service,
    properties: mapFields(service.properties ?? {}, (inner, name) =>
      inService[name] === undefined ? inner : { ...inner, items: componentRef(inService[name]) },
    ),
  };
  const { serviceId: _, ...serviceFields } = creationOf(withSections, "").properties ?? {};
  return {
    ...Object.fromEntries(components),
    ...Object.fromEntries(named),
    ProbeSection: {
      description: "A probe",
      oneOf: named.map(([name]) => componentRef(name)),
      discriminator: {
        propertyName: "type",
        mapping: Object.fromEntries(named.map(([name, kind]) => [typeWordOf(kind), `#/components/schemas/${name}`])),
      },
    } as JsonSchema,
    SloSection: { ...slo, description: "An SLO" },
    ThresholdAlertSection: { ...itemOf("thresholdAlerts"), description: "A threshold alert" },
    ServiceCreation: {
      ...withSections,
      properties: serviceFields,
      description: "A service with all that belongs to it",
    },
    ServiceChange: changeOf(withSections),
    ProbeCreation: { description: "A probe of a service", oneOf: kinds.map((kind) => creationOf(kind, "A probe")) },
    ProbeChange: { description: PATCHED, anyOf: kinds.map(changeOf) },
    SloCreation: creationOf(slo, "An SLO of a service"),
    SloChange: changeOf(slo),
  };
};
