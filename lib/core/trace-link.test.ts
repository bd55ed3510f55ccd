import { expect, test } from "vitest";
import { traceLink } from "./trace-link.ts";

const TEMPLATE = "https://tempo.example/trace/{traceId}?org=1";
const ID = "0af7651916cd43dd8448eb211c80319c";

test("a trace id takes its place in the address", () => {
  expect(traceLink(TEMPLATE, ID)).toBe(`https://tempo.example/trace/${ID}?org=1`);
});

test.each([
  ["no address is configured", null, ID],
  ["the run has none", TEMPLATE, null],
  ["it is all zeros", TEMPLATE, "0".repeat(32)],
  ["it is no hexadecimal number", TEMPLATE, "../../admin?x=javascript:alert(1)"],
  ["it is too long", TEMPLATE, `${ID}0`],
])("there is no link when %s", (_why, template, id) => {
  expect(traceLink(template, id)).toBeNull();
});
