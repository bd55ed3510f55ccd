import { expect, test } from "vitest";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { epochMs } from "#lib/core/units.ts";
import { findOverdueReviews } from "./overdue-reviews.ts";

const slo = (id: string, reviewDate: string | null) =>
  ({
    id,
    document: { owner: null, reviewers: [], approver: null, reviewDate, rationale: null, runbook: null },
  }) as unknown as SloDefinition;

test("an SLO is overdue once its day of review is over in UTC, and without a day never", () => {
  const services = [
    { slos: [slo("a", "2026-11-02"), slo("b", "2026-11-03")] },
    { slos: [slo("c", null), slo("d", "2025-01-01")] },
  ] as never;
  const late = findOverdueReviews({ services }, epochMs(Date.parse("2026-11-03T00:00:00Z")));
  expect(late.map(({ path }) => path)).toEqual([
    "services[0].slos[0].document.review_date",
    "services[1].slos[1].document.review_date",
  ]);
  expect(late[0]).toMatchObject({ kind: "review", message: "the SLO a was due for review on 2026-11-02" });
});
