import { describe, expect, test } from "vitest";
import { sampleSlo } from "#test/support/sample-config.ts";
import type { SloOverviewRow } from "./dashboard.ts";
import { overviewOf, overviewQueryOf, ROWS_A_PAGE, stateOf } from "./overview.ts";

type Facts = { id: string; service?: string; owner?: string | null; isMet?: boolean | null; isFiring?: boolean };

const row = ({ id, service = "shop", owner = null, isMet = true, isFiring = false }: Facts): SloOverviewRow =>
  ({
    id,
    serviceId: service,
    serviceName: service,
    definition: {
      ...sampleSlo({ id }),
      document: { owner, reviewers: [], approver: null, reviewDate: null, rationale: null, runbook: null },
    },
    firing: isFiring ? [{}] : [],
    reading: isMet === null ? null : { budget: { isMet } },
  }) as unknown as SloOverviewRow;

const ROWS = [
  row({ id: "a", isFiring: true, owner: "Ada" }),
  row({ id: "b", isMet: false, service: "mail", owner: "Bo" }),
  row({ id: "c", owner: "Ada" }),
  row({ id: "d", isMet: null, service: "mail" }),
];
const ids = (search: Record<string, string>): string[] =>
  overviewOf(ROWS, overviewQueryOf(search)).groups.flatMap((group) => group.rows.map(({ id }) => id));

describe("the overview", () => {
  test("each SLO has one state, and the counts are of all of them whatever is filtered", () => {
    expect(ROWS.map(stateOf)).toEqual(["firing", "missed", "met", "unknown"]);
    const { counts, matched } = overviewOf(ROWS, overviewQueryOf({ state: "met" }));
    expect(counts).toEqual({ all: 4, firing: 1, missed: 1, met: 1, unknown: 1 });
    expect(matched).toBe(1);
  });

  test("filters leave what they name, in the order that was given", () => {
    expect(ids({})).toEqual(["a", "b", "c", "d"]);
    expect(ids({ service: "mail" })).toEqual(["b", "d"]);
    expect(ids({ team: "Ada" })).toEqual(["a", "c"]);
    expect(ids({ team: "-" })).toEqual(["d"]);
    expect(ids({ q: "BO" })).toEqual(["b"]);
  });

  test("groups stand in the order of their most pressing row", () => {
    const { groups } = overviewOf(ROWS, overviewQueryOf({ group: "service" }));
    expect(groups.map(({ name, count }) => [name, count])).toEqual([
      ["shop", 2],
      ["mail", 2],
    ]);
  });

  test("pages cover every row once, and a page too far is the last one", () => {
    const many = Array.from({ length: 120 }, (_, index) => row({ id: `s-${index}`, owner: `t${index % 7}` }));
    const pageOf = (page: string) => overviewOf(many, overviewQueryOf({ group: "team", page }));
    const seen = ["1", "2", "3"].flatMap((page) => pageOf(page).groups.flatMap((group) => group.rows));
    expect(seen).toHaveLength(120);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(120);
    expect(pageOf("1").groups.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(ROWS_A_PAGE);
    expect(pageOf("99").page).toBe(3);
  });

  test("what an address does not say well counts as left out", () => {
    expect(overviewQueryOf({ state: "odd", group: "x", page: "-3", q: "  " })).toEqual(overviewQueryOf({}));
  });
});
