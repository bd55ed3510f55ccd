import fc from "fast-check";
import { expect, test } from "vitest";
import { apiSections } from "#lib/config/api/sections.ts";
import { ProbeFile } from "#lib/config/schema/probe.ts";
import { SloFile } from "#lib/config/schema/slo.ts";
import { BODY_EXAMPLES } from "#lib/contracts/examples.ts";
import { fitting } from "#test/support/json-schema-arbitrary.ts";
import { toApiWords, toFileWords } from "./file-words.ts";

const sections = apiSections();
const FILES = { ProbeSection: ProbeFile, SloSection: SloFile } as const;

test.each(["ProbeSection", "SloSection"] as const)(
  "whatever fits %s has fields and types of the file, in its other words",
  (name) => {
    fc.assert(
      fc.property(fitting(sections[name], sections), (body) => {
        const { error } = FILES[name].safeParse(toFileWords(body as Record<string, unknown>));
        // The custom issues are about what JSON Schema cannot say: limits of durations, host names, addresses.
        expect(error?.issues.filter(({ code }) => code !== "custom") ?? []).toEqual([]);
      }),
      { numRuns: 150 },
    );
  },
);

type Schema = {
  readonly properties?: Record<string, unknown>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
};
const at = (name: string): Schema => sections[name] as Schema;
const fieldsOf = (schema: Schema): string[] => Object.keys(schema.properties ?? {});

test("what is made says what it belongs to; a change requires nothing and never names an id", () => {
  for (const kind of at("ProbeCreation").oneOf ?? [])
    expect(kind.required).toEqual(expect.arrayContaining(["serviceId", "id", "type"]));
  expect(at("SloCreation").required).toEqual(["serviceId", "id", "sli", "objective", "window"]);
  expect(at("ServiceCreation").required).toEqual(["id", "name", "probes"]);
  for (const change of [...(at("ProbeChange").anyOf ?? []), at("SloChange"), at("ServiceChange")]) {
    expect(change.required ?? []).toEqual([]);
    expect(fieldsOf(change)).not.toEqual(expect.arrayContaining(["id"]));
  }
});

test("examples have fields that the sections know, and no name of the file is left in them", () => {
  const known = new Set((at("ProbeCreation").oneOf ?? []).flatMap(fieldsOf));
  expect([...known]).toEqual(expect.arrayContaining(Object.keys(BODY_EXAMPLES.createProbe as object)));
  expect(fieldsOf(at("SloCreation"))).toEqual(expect.arrayContaining(Object.keys(BODY_EXAMPLES.createSlo as object)));
  const names = JSON.stringify(sections).match(/"properties":\{"[a-z]+_/g);
  expect(names).toBeNull();
  expect(toApiWords({ client_certificate: {} })).toEqual({ clientCertificate: {} });
});
