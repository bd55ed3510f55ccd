import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Vote } from "../outcome.ts";
import { voteOfSlot } from "../slot.ts";
import { epochMs } from "../units.ts";
import { comparisonsOf, isDissent } from "./dissent.ts";
import type { BlindSpan, Sighting } from "./eyesight.ts";
import { blindSpans, DISSENT_RULES, decidedFrom, isWithin, REFERENCE_RULES } from "./eyesight.ts";
import { referenceIdOf, referenceProbe } from "./reference-probe.ts";
import { reconcileSpans } from "./spans.ts";

/** Sightings a second apart: "." is good, "x" is bad, " " is none. */
const seen = (text: string, from = 0): Sighting[] =>
  [...text].flatMap((mark, index) =>
    mark === " " ? [] : [{ at: epochMs(from + index * 1_000), isBad: mark === "x" }],
  );
const span = (since: number, until: number | null): BlindSpan => ({
  since: epochMs(since),
  until: until === null ? null : epochMs(until),
});
const votes = (text: string): Map<number, Vote> =>
  new Map([...text].map((mark, index) => [index, mark === "x" ? "bad" : mark === "." ? "good" : "none"]));

const sightings = fc
  .array(fc.tuple(fc.nat(200), fc.boolean()), { maxLength: 40 })
  .map((pairs) =>
    [...new Map(pairs)].map(([second, isBad]) => ({ at: epochMs(second * 1_000), isBad })).sort((a, b) => a.at - b.at),
  );

describe("reference checks", () => {
  test("a single check blinds at its first failure and sees again from the first of three good runs", () => {
    expect(blindSpans([seen("..xx.x...")], 1, REFERENCE_RULES)).toEqual([span(2_000, 6_000)]);
    expect(blindSpans([seen("..xx.x..")], 1, REFERENCE_RULES)).toEqual([span(2_000, null)]);
  });

  test("it takes more than half of the checks", () => {
    expect(blindSpans([seen("xxxx"), seen("....")], 2, REFERENCE_RULES)).toEqual([]);
    expect(blindSpans([seen("xxxx"), seen(".xx."), seen("....")], 3, REFERENCE_RULES)).toEqual([span(1_000, null)]);
    expect(blindSpans([seen("xxxx")], 2, REFERENCE_RULES)).toEqual([]);
  });

  test("spans are in order, apart, and only the last one may go on", () => {
    fc.assert(
      fc.property(fc.array(sightings, { minLength: 1, maxLength: 4 }), (signals) => {
        const spans = blindSpans(signals, signals.length, REFERENCE_RULES);
        spans.forEach((one, index) => {
          const next = spans[index + 1];
          expect(one.until === null).toBe(next === undefined && one.until === null);
          if (one.until !== null) expect(one.until).toBeGreaterThan(one.since);
          if (next !== undefined) expect(next.since).toBeGreaterThan(one.until as number);
        });
      }),
    );
  });

  test("what came before is decided: later sightings change nothing before the instant that is named", () => {
    fc.assert(
      fc.property(fc.array(sightings, { minLength: 1, maxLength: 4 }), fc.nat(200), (signals, second) => {
        const cut = epochMs(second * 1_000);
        const from = decidedFrom(signals, cut, REFERENCE_RULES);
        fc.pre(from !== null);
        const before = signals.map((list) => list.filter(({ at }) => at < cut));
        const whole = blindSpans(signals, signals.length, REFERENCE_RULES);
        const part = blindSpans(before, signals.length, REFERENCE_RULES);
        for (let at = 0; at < from; at += 500) expect(isWithin(whole, epochMs(at))).toBe(isWithin(part, epochMs(at)));
      }),
    );
  });

  test("storing what is found as it comes, in any pieces, ends with what is found at once", () => {
    fc.assert(
      fc.property(
        fc.array(sightings, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(3), { minLength: 201, maxLength: 201 }),
        (signals, pieces) => {
          let stored: BlindSpan[] = [];
          let known: Sighting[][] = signals.map(() => []);
          // Each sighting comes in one of four deliveries, late ones among them.
          for (const piece of [0, 1, 2, 3]) {
            const fresh = signals.map((list) => list.filter(({ at }) => pieces[at / 1_000] === piece));
            const first = Math.min(...fresh.flat().map(({ at }) => at));
            if (!Number.isFinite(first)) continue;
            known = known.map((list, index) => [...list, ...(fresh[index] ?? [])].sort((a, b) => a.at - b.at));
            const from = decidedFrom(known, epochMs(first), REFERENCE_RULES);
            if (from === null) continue;
            const change = reconcileSpans(stored, blindSpans(known, signals.length, REFERENCE_RULES), from);
            const kept = stored.filter(
              ({ since }) => !change.removed.includes(since) && !change.written.some((one) => one.since === since),
            );
            stored = [...kept, ...change.written].sort((a, b) => a.since - b.since);
          }
          const whole = blindSpans(signals, signals.length, REFERENCE_RULES);
          for (let at = 0; at <= 201_000; at += 500)
            expect(isWithin(stored, epochMs(at))).toBe(isWithin(whole, epochMs(at)));
        },
      ),
    );
  });
});

describe("stored spans", () => {
  test("a span that goes on keeps its beginning", () => {
    expect(reconcileSpans([span(10, null)], [span(50, null)], epochMs(50)).written).toEqual([]);
    expect(reconcileSpans([span(10, null)], [span(50, 70)], epochMs(50))).toEqual({
      removed: [],
      written: [span(10, 70)],
      touched: [span(70, null)],
    });
  });

  test("what is touched is exactly where the answer differs", () => {
    const spans = fc
      .uniqueArray(fc.nat(60), { maxLength: 8 })
      .map((edges) => edges.sort((a, b) => a - b))
      .map((edges) =>
        Array.from({ length: Math.ceil(edges.length / 2) }, (_, i) =>
          span(edges[2 * i] as number, edges[2 * i + 1] ?? null),
        ),
      );
    fc.assert(
      fc.property(spans, spans, fc.nat(60), (stored, found, from) => {
        const { removed, written, touched } = reconcileSpans(stored, found, epochMs(from));
        const after = [
          ...stored.filter(({ since }) => !removed.includes(since) && !written.some((one) => one.since === since)),
          ...written,
        ];
        for (let at = 0; at <= 61; at += 0.5) {
          const instant = epochMs(at);
          const wanted = at < from ? isWithin(stored, instant) : isWithin(found, instant);
          expect(isWithin(after, instant)).toBe(wanted);
          expect(isWithin(touched, instant)).toBe(isWithin(stored, instant) !== wanted);
        }
      }),
    );
  });
});

describe("dissent", () => {
  test("it takes two others who agree, and a majority of all who reported", () => {
    expect(isDissent(votes("x.."), 0)).toBe(true);
    expect(isDissent(votes(".xx"), 0)).toBe(true);
    expect(isDissent(votes("x."), 0)).toBeNull();
    expect(isDissent(votes("x.x"), 0)).toBe(false);
    expect(isDissent(votes("xx.."), 0)).toBe(false);
    expect(isDissent(votes("-.."), 0)).toBeNull();
    expect(isDissent(votes("x.--"), 0)).toBeNull();
  });

  const slot = fc.array(fc.constantFrom<Vote>("good", "bad", "none"), { minLength: 1, maxLength: 9 });

  test("those who dissent are always fewer than those who do not, and leaving them out keeps the slot's vote", () => {
    fc.assert(
      fc.property(slot, (list) => {
        const all = new Map(list.map((vote, no) => [no, vote] as const));
        const reporters = [...all].filter(([, vote]) => vote !== "none");
        const dissenters = reporters.filter(([no]) => isDissent(all, no) === true);
        expect(dissenters.length * 2).toBeLessThan(Math.max(1, reporters.length));
        const rest = reporters.filter((one) => !dissenters.includes(one)).map(([, vote]) => vote);
        expect(voteOfSlot(rest, list.length)).toBe(voteOfSlot(list, list.length));
      }),
    );
  });

  test("it does not depend on the order of the locations", () => {
    fc.assert(
      fc.property(slot, fc.infiniteStream(fc.nat()), (list, keys) => {
        const entries = list.map((vote, no) => [no, vote] as const);
        const shuffled = entries
          .map((entry) => ({ entry, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ entry }) => entry);
        for (const [no] of entries) expect(isDissent(new Map(shuffled), no)).toBe(isDissent(new Map(entries), no));
      }),
    );
  });

  test("a location is blind when it dissents three slots in a row on over half of its probes, and no sooner", () => {
    const slotsOf = (own: string) =>
      [...own].map((mark, index) => ({ at: epochMs(index * 1_000), votes: votes(`${mark}..`) }));
    const signals = (...probes: string[]) => probes.map((own) => comparisonsOf(slotsOf(own), 0));
    expect(blindSpans(signals("xx.xx.", "xx.xx."), 2, DISSENT_RULES)).toEqual([]);
    expect(blindSpans(signals(".xxx", "...."), 2, DISSENT_RULES)).toEqual([]);
    expect(blindSpans(signals(".xxx", ".xxx", "...."), 3, DISSENT_RULES)).toEqual([span(1_000, null)]);
    expect(blindSpans(signals(".xxx...", ".xxx..."), 2, DISSENT_RULES)).toEqual([span(1_000, 4_000)]);
  });

  test("locations that all run the same probes are never all blind at once", () => {
    const grid = fc.array(fc.array(fc.constantFrom<Vote>("good", "bad"), { minLength: 4, maxLength: 4 }), {
      minLength: 3,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(grid, { minLength: 1, maxLength: 4 }), (probes) => {
        const blind = [0, 1, 2, 3].filter((no) => {
          const signals = probes.map((slots) =>
            comparisonsOf(
              slots.map((list, index) => ({ at: epochMs(index * 1_000), votes: new Map(list.entries()) })),
              no,
            ),
          );
          const newest = signals.filter((list) => list.at(-1)?.isBad === true).length;
          return newest * 2 > probes.length;
        });
        expect(blind.length).toBeLessThan(4);
      }),
    );
  });
});

test("the id of a reference check is never that of a probe", () => {
  const check = { id: "gateway", url: "https://example.com/", intervalMs: 10_000, timeoutMs: 3_000 } as never;
  const probe = referenceProbe(check, "fra");
  expect(probe.id).not.toMatch(/^[a-z0-9][a-z0-9-]*$/);
  expect(referenceIdOf(probe.id)).toBe("gateway");
  expect(referenceIdOf("gateway")).toBeNull();
});
