import { expect, test } from "vitest";
import { OPEN_INCIDENT } from "#test/support/sample-incidents.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import type { PageId } from "./page-slices.ts";
import { hashesOf, pagesOf } from "./page-slices.ts";

const calm = { ...calmDay(), dataAsOf: "2026-11-22T10:00:10.000Z" };
const bad = { ...calm, incidents: [OPEN_INCIDENT, ...calm.incidents] };
const changed = (before: typeof calm, dataAsOf: string): PageId[] =>
  pagesOf(before).filter(
    (pageId) => hashesOf(before, pageId)?.content !== hashesOf({ ...before, dataAsOf }, pageId)?.content,
  );

test("pages that say how long an open incident has lasted are made anew each minute, and no others", () => {
  expect(changed(calm, "2026-11-22T10:05:00.000Z")).toEqual([]);
  expect(changed(bad, "2026-11-22T10:00:59.000Z")).toEqual([]);
  const month = OPEN_INCIDENT.startedAt.slice(0, 7);
  expect(changed(bad, "2026-11-22T10:01:00.000Z").toSorted()).toEqual(
    ["history", `history:${month}`, `incident:${OPEN_INCIDENT.id}`, "incidents"].filter((id) =>
      pagesOf(bad).includes(id as PageId),
    ),
  );
});

test("the next day of the page's zone makes every page anew, since times of the day itself name no day", () => {
  const page = { ...calm.page, timeZone: "Asia/Seoul" };
  const late = { ...calm, page, dataAsOf: "2026-11-22T14:59:59.000Z" };
  expect(changed(late, "2026-11-22T15:00:00.000Z")).toEqual(pagesOf(late));
});
