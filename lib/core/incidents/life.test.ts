import fc from "fast-check";
import { expect, test } from "vitest";
import { epochMs } from "../units.ts";
import type { LifeUpdate } from "./life.ts";
import { impactSpans, isClosed, lifeOf, nextImpacts, worstImpact } from "./life.ts";

const STATUSES = ["investigating", "identified", "monitoring", "resolved", "postmortem"] as const;
const IMPACTS = ["none", "minor", "major", "critical"] as const;
const impact = fc.constantFrom(...IMPACTS);
const impacts = fc.dictionary(fc.constantFrom("shop", "pay"), impact, { noNullPrototype: true });

const updates = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 4 }),
    status: fc.constantFrom(...STATUSES),
    displayAt: fc.integer({ min: 100, max: 120 }).map(epochMs),
    impact: fc.option(impact),
    impacts,
  }),
  { selector: ({ id }) => id, maxLength: 8 },
) as fc.Arbitrary<LifeUpdate[]>;
const START = epochMs(100);

test("the order in which updates were written changes nothing", () => {
  fc.assert(
    fc.property(updates, fc.integer(), (all, seed) => {
      const turned = all.toSorted((a, b) => ((a.displayAt * seed) % 7) - ((b.displayAt * seed) % 7));
      expect(lifeOf(turned, START)).toEqual(lifeOf(all, START));
    }),
  );
});

test("an incident is closed exactly when its newest update closes it, and never ends before it began", () => {
  fc.assert(
    fc.property(updates, fc.integer({ min: 90, max: 130 }).map(epochMs), (all, startedAt) => {
      const { status, resolvedAt } = lifeOf(all, startedAt);
      expect(resolvedAt !== null).toBe(isClosed(status));
      expect(resolvedAt ?? startedAt).toBeGreaterThanOrEqual(startedAt);
    }),
  );
});

test("a post-mortem keeps the time of the end; reopening takes it back, and the next end counts", () => {
  const at = (id: string, displayAt: number, status: LifeUpdate["status"]): LifeUpdate => ({
    ...{ id, displayAt: epochMs(displayAt), status, impact: null, impacts: {} },
  });
  const story = [at("a", 100, "investigating"), at("b", 110, "resolved"), at("c", 120, "postmortem")];
  expect(lifeOf(story, START)).toMatchObject({ status: "postmortem", resolvedAt: 110 });
  const again = [...story, at("d", 130, "monitoring")];
  expect(lifeOf(again, START)).toMatchObject({ status: "monitoring", monitoringAt: 130, resolvedAt: null });
  expect(lifeOf([...again, at("e", 140, "resolved")], START)).toMatchObject({ resolvedAt: 140 });
});

test("spans of a service's impact follow one another, lie within the incident, and differ from their neighbours", () => {
  fc.assert(
    fc.property(updates, (all) => {
      const { resolvedAt } = lifeOf(all, START);
      const spans = impactSpans(all, { startedAt: START, resolvedAt, impactOf: { shop: "minor", pay: "none" } });
      for (const own of spans.values()) {
        own.forEach((span, index) => {
          const next = own[index + 1];
          expect(span.impact).not.toBe("none");
          expect(span.until === null || span.until > span.from).toBe(true);
          expect(resolvedAt === null || (span.until !== null && span.until <= resolvedAt)).toBe(true);
          if (next !== undefined)
            expect(span.until === null ? Number.NaN : next.from).toBeGreaterThanOrEqual(span.until ?? 0);
        });
      }
    }),
  );
});

test("an incident is as bad as its worst service when only services are named", () => {
  fc.assert(
    fc.property(impact, impacts, impacts, (now, before, affected) => {
      const next = nextImpacts({ impact: now, impacts: before }, { impact: null, affected });
      if (Object.keys(affected).length === 0) expect(next).toEqual({ impact: now, impacts: {} });
      else expect(next.impact).toBe(worstImpact(Object.values({ ...before, ...next.impacts })));
    }),
  );
});

test("when only the incident's impact is given, services that had it follow and others stay", () => {
  const now = { impact: "major", impacts: { shop: "major", pay: "minor" } } as const;
  expect(nextImpacts(now, { impact: "minor", affected: {} })).toEqual({ impact: "minor", impacts: { shop: "minor" } });
});
