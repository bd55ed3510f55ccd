import { expect, test } from "vitest";
import type { Entered } from "./desk-body.ts";
import { deskBody, fillId } from "./desk-body.ts";

const entered = (name: string, value: string, kind = "text", isChecked = false): Entered => ({
  ...{ name, value, kind, isChecked },
});

test("paths become objects, empty texts are left out, switches are said, lists hold one text", () => {
  const body = deskBody(
    [
      entered("title", " "),
      entered("translations.ko.message", "확인 중"),
      entered("notify", "on", "switch", false),
      entered("sloIds", "shop-availability", "list"),
      entered("endsAt", "60", "minutes"),
    ],
    Date.parse("2026-11-03T14:00:00Z"),
  );
  expect(body).toEqual({
    translations: { ko: { message: "확인 중" } },
    notify: false,
    sloIds: ["shop-availability"],
    endsAt: "2026-11-03T15:00:00.000Z",
  });
});

test("a service is affected when it is ticked or has an impact of its own, and is named once", () => {
  const { affected } = deskBody(
    [
      entered("service:shop", "on", "service", true),
      entered("service:mail", "on", "service", false),
      entered("service:shop", "critical", "impact"),
      entered("service:mail", "", "impact"),
      entered("service:a:b", "none", "impact"),
    ],
    0,
  );
  expect(affected).toEqual([
    { service: "shop", impact: "critical" },
    { service: "a:b", impact: "none" },
  ]);
  expect(deskBody([entered("serviceId:shop", "minor", "impact")], 0)).toEqual({
    affected: [{ serviceId: "shop", impact: "minor" }],
  });
});

test("the id of an answer is put into an address as data", () => {
  expect(fillId("/admin/incidents/{id}", { id: "a/b?c" })).toBe("/admin/incidents/a%2Fb%3Fc");
  expect(fillId("/admin/incidents/{id}", null)).toBe("/admin/incidents/");
});
