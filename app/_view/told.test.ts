import { describe, expect, test } from "vitest";
import { monthsOfHistory } from "#lib/contracts/snapshot-months.ts";
import { TOLD_INCIDENT } from "#test/support/sample-incidents.ts";
import { MAINTENANCES } from "#test/support/sample-maintenances.ts";
import { calmDay, fullDay, sampleService, sampleSnapshot } from "#test/support/sample-snapshot.ts";
import { WORDS } from "../_words/index.ts";
import { addressOf, serviceAddress } from "./address.ts";
import { createFormat } from "./format.ts";
import { groupsOf, showsState } from "./groups.ts";
import { countsText, monthCounts, monthFacts } from "./history.ts";
import { spanShapes } from "./impact-shapes.ts";
import { costSentence, impactSpans, nameOf, shareText, textOf, worstCost } from "./incident.ts";
import { maintenanceAnchor, maintenanceLists } from "./maintenance.ts";

const snapshot = fullDay();
const en = createFormat(WORDS.en, "UTC");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

test("what a list says of an update is its text without the marks of markdown or of HTML", () => {
  const update = {
    ...(TOLD_INCIDENT.updates[0] as (typeof TOLD_INCIDENT.updates)[number]),
    body: "**Bold** [x](https://x.example)\n\n<b> & more",
    bodyHtml:
      '<p><strong>Bold</strong> <a href="https://x.example" rel="noopener nofollow">x</a></p>\n<p>&lt;b&gt; &amp; more</p>',
    translations: {},
  };
  expect(textOf(update, "en").plain.split(/\n{2,}/)).toEqual(["Bold x", "<b> & more"]);
  expect(textOf({ ...update, bodyHtml: undefined }, "en").plain).toBe(update.body);
});

describe("what an incident cost", () => {
  test("is told of the budget that suffered most, by the month or by the window", () => {
    const cost = worstCost(TOLD_INCIDENT, snapshot);
    expect(cost?.sloId).toBe("checkout-availability");
    expect(cost && plain(costSentence(cost, snapshot, en))).toBe(
      "Used 31 % of the error budget for July 2026 (Checkout).",
    );
    const other = TOLD_INCIDENT.costs?.[1];
    expect(other && plain(costSentence(other, snapshot, en))).toBe(
      "Used 0.4 % of the error budget over 28 days (Shop API).",
    );
  });

  test("is not told where the service publishes no objective", () => {
    const silent = sampleSnapshot(snapshot.services.map((service) => ({ ...service, slos: [] })));
    expect(worstCost(TOLD_INCIDENT, silent)).toBeNull();
  });

  test("is never nothing where something was used", () => {
    expect(plain(shareText(0.000001, en))).toBe("0.01 %");
    expect(plain(shareText(1.274, en))).toBe("127 %");
  });
});

describe("an incident's texts and states", () => {
  test("are the translated ones where there are any, else what was written", () => {
    expect(nameOf(TOLD_INCIDENT, "ko")).toContain("결제");
    expect(nameOf(TOLD_INCIDENT, "ru")).toBe(TOLD_INCIDENT.name);
    const [, resolved] = TOLD_INCIDENT.updates;
    expect(resolved && textOf(resolved, "ko").html).toContain("청구되지");
    expect(resolved && textOf(resolved, "ru").plain).toBe(resolved?.body);
  });

  test("follow its updates in snapshots of earlier releases, without repeating a state", () => {
    const incident = fullDay().incidents[0];
    expect(incident && impactSpans(incident)).toEqual([
      {
        serviceId: "checkout",
        spans: [{ from: "2026-08-06T13:59:00.000Z", until: null, state: "major_outage" }],
      },
    ]);
  });

  test("are drawn within the picture, and no span vanishes", () => {
    const range = { from: "2026-07-24T09:12:00.000Z", until: "2026-07-24T09:26:00.000Z" };
    const spans = [
      { from: "2026-07-24T09:00:00.000Z", until: "2026-07-24T09:12:00.001Z", state: "major_outage" as const },
      { from: "2026-07-24T09:25:59.999Z", until: null, state: "partial_outage" as const },
    ];
    const shapes = spanShapes(spans, range);
    expect(shapes).toHaveLength(3);
    for (const { x, width, y, height } of shapes) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(width).toBeGreaterThanOrEqual(1);
      expect(x + width).toBeLessThanOrEqual(720);
      expect(y + height).toBeLessThanOrEqual(28);
    }
  });
});

describe("planned work", () => {
  test("is under way, to come with the soonest first, or past with the newest first", () => {
    const lists = maintenanceLists(snapshot);
    const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);
    expect([ids(lists.active), ids(lists.planned), ids(lists.past)]).toEqual([["m1"], ["m2", "m3"], ["m4", "m5"]]);
    expect(maintenanceLists(calmDay())).toEqual({ active: [], planned: [], past: [] });
  });

  test("has an anchor that feeds can link to", () => {
    expect(MAINTENANCES.map(maintenanceAnchor).every((anchor) => /^m-[a-z0-9]{12}$/.test(anchor))).toBe(true);
  });
});

describe("the history", () => {
  test("reaches back to the first measured day, and each thing stands in one month", () => {
    const months = monthsOfHistory(snapshot);
    expect([months[0], months.at(-1)]).toEqual(["2026-08", "2026-01"]);
    const told = months.flatMap((month) => monthFacts(snapshot, month).incidents.map(({ id }) => id));
    expect(told).toEqual(snapshot.incidents.map(({ id }) => id));
    const july = monthFacts(snapshot, "2026-07");
    expect(july.maintenances.map(({ id }) => id)).toEqual(["m4"]);
    expect(july.services[0]?.days).toHaveLength(31);
    expect(monthFacts(snapshot, "2026-01").services).toEqual([]);
  });

  test("days with trouble are told though nobody wrote an incident, once however many services had it", () => {
    const day = (date: string, worst: "operational" | "major_outage" | "under_maintenance") => ({
      date,
      worst,
      seconds: { [worst]: 86_400 },
    });
    const services = snapshot.services.slice(0, 2).map((service) => ({
      ...service,
      startDate: "2026-06-01",
      days: [
        day("2026-06-01", "major_outage"),
        day("2026-06-02", "under_maintenance"),
        day("2026-06-03", "operational"),
      ],
    }));
    const quiet = { ...snapshot, services, incidents: [], maintenances: [] };
    expect(countsText(monthCounts(quiet, "2026-06"), en)).toBe("1 day with trouble");
    expect(countsText(monthCounts(quiet, "2026-05"), en)).toBe("Nothing to report.");
  });
});

test("groups are nested by their names, and say how they are only where that is not seen at a glance", () => {
  const { groups } = groupsOf(snapshot);
  expect(groups.map(({ name, groups: inner }) => [name, inner.map((one) => one.name)])).toEqual([
    ["Shopping", ["Finding things"]],
    ["Accounts", []],
    ["Developers", []],
  ]);
  expect(groups.map(showsState)).toEqual([true, false, false]);
});

test("an address carries the language only when it is not the page's first", () => {
  const ko = { snapshot, language: "ko" as const };
  expect(addressOf("/history", { snapshot, language: "en" })).toBe("/history");
  expect(serviceAddress(sampleService("a", "A"), ko, "days")).toBe("/services/a?lang=ko#days");
});
