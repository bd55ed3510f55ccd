import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Config } from "#lib/core/definitions.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { loadConfig } from "../load-config.ts";
import type { FidelityEntry } from "./fidelity.ts";
import { createFidelity } from "./fidelity.ts";
import { fromOpenSlo } from "./from-openslo.ts";
import { fromPyrra } from "./from-pyrra.ts";
import { fromSloth } from "./from-sloth.ts";
import { ninesYaml, parseDocuments, toNinesFile } from "./nines-file.ts";
import { countOver } from "./promql-text.ts";
import { toOpenSlo } from "./to-openslo.ts";

const IMPORTERS = { openslo: fromOpenSlo, sloth: fromSloth, pyrra: fromPyrra };
const NO_SOURCE = { byName: new Map<string, string>(), standard: null };
const fixture = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../test/fixtures/foreign/${name}`, import.meta.url)), "utf8");
const load = (yaml: string) => loadConfig({ bytes: Buffer.from(yaml), env: {}, judgeUrl });
const configOf = (yaml: string): Config => {
  const result = load(yaml);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
};
const importText = (kind: keyof typeof IMPORTERS, text: string) => {
  const fidelity = createFidelity();
  const imported = IMPORTERS[kind](parseDocuments(text), NO_SOURCE, fidelity);
  const file = toNinesFile(imported, (url) => judgeUrl(url, []).verdict === "deny", fidelity);
  const of = (fate: FidelityEntry["fate"]) => fidelity.entries.filter((entry) => entry.fate === fate);
  return { yaml: ninesYaml(file), imported, of, entries: fidelity.entries };
};

describe("taking foreign SLOs over", () => {
  test.each([
    { kind: "openslo", file: "every-kind.openslo.yaml", slos: 7, refused: [] },
    { kind: "sloth", file: "sloth.yaml", slos: 3, refused: ["slos[2].sli.plugin"] },
    { kind: "pyrra", file: "pyrra.yaml", slos: 4, refused: ["spec.indicator.ratio.errors.metric"] },
  ] as const)(
    "$kind: what comes out is a valid configuration, and what cannot be counted is named",
    ({ kind, file, slos, refused }) => {
      const { yaml, imported, of, entries } = importText(kind, fixture(file));
      expect(imported).toHaveLength(slos);
      expect(configOf(yaml).services.flatMap((service) => service.slos)).toHaveLength(slos);
      expect(of("refused").map(({ field }) => field)).toEqual(refused);
      expect(yaml).not.toContain("canary");
      expect(entries.filter(({ note }) => note.includes("canary"))).toEqual([]);
    },
  );

  const slo = (spec: string): string =>
    `{apiVersion: openslo/v1, kind: SLO, metadata: {name: a}, spec: {service: s, budgetingMethod: Occurrences, ${spec}}}`;
  const source = (type: string) => `{metricSource: {type: ${type}, spec: {query: "sum(x)"}}}`;
  const ratio = (type = "Prometheus") =>
    `indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true, good: ${source(type)}, total: ${source(type)}}}}`;
  const goal = "objectives: [{target: 0.99}]";
  test.each([
    [
      "an older version",
      "{apiVersion: openslo/v1alpha, kind: SLO, metadata: {name: a}}",
      "apiVersion",
      "only openslo/v1 is known",
    ],
    ["an unknown kind", "{apiVersion: openslo/v1, kind: Budget, metadata: {name: a}}", "kind", "one of DataSource"],
    [
      "no SLO at all",
      "{apiVersion: openslo/v1, kind: Service, metadata: {name: a}, spec: {}}",
      "kind",
      "there is no SLO, only Service",
    ],
    [
      "another source",
      slo(`${ratio("Any")}, ${goal}`),
      "spec.indicator.spec.ratioMetric.good.metricSource.type",
      'got "Any"',
    ],
    ["no indicator", slo(goal), "spec.indicator", "indicator or indicatorRef is required"],
    ["an SLI that is not there", slo(`indicatorRef: b, ${goal}`), "spec.indicatorRef", 'no SLI of the name "b"'],
    ["no objective", slo(ratio()), "spec.objectives", "at least one"],
    ["a target of 1", slo(`${ratio()}, objectives: [{target: 1}]`), "spec.objectives[0].target", "under 1"],
    [
      "both targets",
      slo(`${ratio()}, objectives: [{target: 0.9, targetPercent: 90}]`),
      "spec.objectives[0].targetPercent",
      "not both",
    ],
    [
      "two windows",
      slo(`${ratio()}, ${goal}, timeWindow: [{duration: 1d}, {duration: 2d}]`),
      "spec.timeWindow",
      "exactly one",
    ],
    [
      "a calendar of minutes",
      slo(
        `${ratio()}, ${goal}, timeWindow: [{duration: 1m, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}]`,
      ),
      "spec.timeWindow[0].duration",
      "calendar window",
    ],
    [
      "slices without a target",
      slo(`${ratio()}, ${goal}`).replace("Occurrences", "Timeslices"),
      "spec.objectives[0].timeSliceTarget",
      "required",
    ],
    [
      "a threshold without a value",
      slo(
        `indicator: {metadata: {name: i}, spec: {thresholdMetric: ${source("Prometheus")}}}, objectives: [{target: 0.99, op: lt}]`,
      ),
      "spec.objectives[0].value",
      "required",
    ],
    ["a list where text is due", slo(`${ratio()}, ${goal}, description: [a]`), "spec.description", "single value"],
  ])("OpenSLO with %s is refused by the name of the field", (_what, text, field, message) => {
    const { imported, of } = importText("openslo", text);
    expect(imported).toEqual([]);
    expect(of("refused")).toMatchObject([{ field, note: expect.stringContaining(message) }]);
  });

  test("a file that is no YAML says in which line", () => {
    expect(() => parseDocuments("a: 1\nb: [\n")).toThrow(/line \d/);
  });

  test.each([
    ['sum(rate(a{c=~"(5..|[6]..)"}[5m])) / 2', true, 'sum(increase(a{c=~"(5..|[6]..)"}[1m])) / 2'],
    ["sum(a_total)", true, "sum(increase(a_total[1m]))"],
    ["a_total{}", true, "sum(increase(a_total{}[1m]))"],
    ["a_total offset 5m", true, "sum(increase(a_total[1m] offset 5m))"],
    ["sum(a) + sum(b)", true, "increase((sum(a) + sum(b))[1m:15s])"],
    ["a", false, "sum(a)"],
    ["sum_over_time(up[{{ .window }}:30s])", true, "sum_over_time(up[1m:30s])"],
  ])("%s counts the events of a minute", (query, isCounter, expected) => {
    expect(countOver(query, isCounter, "1m")).toBe(expected);
  });
});

describe("giving SLOs out", () => {
  const everySlo = `
version: 1
egress: { allow: [localhost] }
locations: [{ id: local }]
services:
  - id: shop
    name: Shop
    description: Sells things.
    probes: [{ id: home, type: http, url: "https://shop.example/", interval: 30s, locations: [local] }]
    slos:
      - { id: traffic, sli: promql, source: { url: "http://localhost:9090" }, good: "sum(increase(a[5m]))", total: "sum(b)", objective: 99.95, window: 28d }
      - { id: slow, sli: latency, threshold: 300ms, probes: [home], objective: 99, window: { calendar: month, time_zone: Asia/Seoul }, burn_rate_alerts: [{ long: 1h, short: 5m, factor: 10.5 }, { long: 2d, short: 4h, factor: 1 }] }
      - { id: slices, sli: timeslice, base: latency, threshold: 1s, slice: 5m, slice_target: 95, no_data: bad, probes: [home], objective: 99.5, window: 28d }
      - { id: even, sli: ratio_timeslices, slice: 1h, probes: [home], objective: 99.5, window: { calendar: quarter, time_zone: UTC, anchor: 2026-02-01 00:00:00 } }
`;

  test("OpenSLO and back gives the same SLOs, with all their windows", () => {
    const before = configOf(everySlo);
    const texts = toOpenSlo(before, createFidelity()).map((document) => stringify(document));
    const { yaml, of } = importText("openslo", texts.join("---\n"));
    expect(of("refused")).toEqual([]);
    // Probes have no place in OpenSLO.
    const probes =
      'probes: [{ id: home, type: http, url: "https://shop.example/", interval: 30s, locations: [local] }]';
    expect(configOf(yaml.replace("probes: []", probes)).services[0]?.slos).toEqual(before.services[0]?.slos);
  });

  test("every document keeps to the form of OpenSLO v1", () => {
    const documents = toOpenSlo(configOf(everySlo), createFidelity());
    const names = new Set(documents.map(({ kind, metadata }) => `${kind}/${String(metadata.name)}`));
    expect(names.size).toBe(documents.length);
    const refs = [
      ...JSON.stringify(documents).matchAll(/"(alertPolicyRef|targetRef|metricSourceRef|service)":"([^"]+)"/g),
    ];
    const kinds: Record<string, string> = {
      alertPolicyRef: "AlertPolicy",
      targetRef: "AlertNotificationTarget",
      metricSourceRef: "DataSource",
      service: "Service",
    };
    expect(refs.length).toBeGreaterThan(10);
    for (const [, key = "", name] of refs) expect(names).toContain(`${kinds[key]}/${name}`);
    for (const { apiVersion, metadata } of documents) {
      expect(apiVersion).toBe("openslo/v1");
      expect(String(metadata.name)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });
});

describe("a foreign file that cannot be read", () => {
  test.each([
    ["that holds nothing", "", "it is empty"],
    ["with an alias of nothing", "metadata: { name: *nowhere }", "nowhere"],
    ["with more aliases than one could mean", `a: &a [1]\nb: [${"*a,".repeat(200)}]`, "alias"],
    ["nested beyond reason", `a: ${"[".repeat(5_000)}`, "nested too deep"],
  ])("is refused with the reason: one %s", (_name, text, reason) => {
    expect(() => parseDocuments(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => parseDocuments(text)).toThrow(reason);
  });
});
