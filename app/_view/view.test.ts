import { describe, expect, test } from "vitest";
import {
  badDay,
  calmDay,
  emptyPage,
  everythingUnknown,
  firstMinute,
  sampleDays,
  sampleService,
  sampleSlo,
  sampleSnapshot,
  twentyServices,
} from "#test/support/sample-snapshot.ts";
import { WORDS } from "../_words/index.ts";
import { burnPosition, factorNumber } from "./burn-windows.ts";
import { dayBarPaths, daysSentence } from "./day-bars.ts";
import { createFormat } from "./format.ts";
import { headingOf } from "./heading.ts";
import { calmRange, linePath, roundUp } from "./line-path.ts";
import { budgetLeftText, sloLine, worstBurn } from "./slo-line.ts";

const en = createFormat(WORDS.en, "UTC");
const ko = createFormat(WORDS.ko, "UTC");
const ru = createFormat(WORDS.ru, "UTC");
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const down = { published: "major_outage", measured: "major_outage" } as const;

describe("the heading", () => {
  test.each([
    { name: "a good day is one sentence", snapshot: calmDay(), title: "Everything is working.", role: "ok" },
    {
      name: "an outage with an open incident is named and worked on",
      snapshot: badDay(),
      title: "Checkout is down. We’re working on it.",
      role: "major",
    },
    {
      name: "without services it says so",
      snapshot: emptyPage(),
      title: "Nothing is being watched yet.",
      role: "none",
    },
    {
      name: "before the first result it claims nothing",
      snapshot: firstMinute(),
      title: "We have just started measuring.",
      role: "none",
    },
    {
      name: "a blind monitor speaks about itself",
      snapshot: everythingUnknown(),
      title: "Our monitoring is delayed.",
      role: "none",
    },
    {
      name: "two services are joined, and nobody is said to work on what nobody opened",
      snapshot: sampleSnapshot([sampleService("a", "Alpha", down), sampleService("b", "Beta", down)]),
      title: "Alpha and Beta are down.",
      role: "major",
    },
    {
      name: "more than three are counted",
      snapshot: sampleSnapshot(["a", "b", "c", "d"].map((id) => sampleService(id, id, down))),
      title: "4 services are down.",
      role: "major",
    },
  ])("$name", ({ snapshot, title, role }) => expect(headingOf(snapshot, en)).toMatchObject({ title, role }));

  test("lesser troubles follow the gravest, and what works is said", () => {
    expect(headingOf(badDay(), en).text).toBe(
      "Shop API is struggling. Our view of Webhooks is delayed. Account area is under planned maintenance. Everything else works.",
    );
    expect(headingOf(badDay(), ko).title).toBe("Checkout 서비스가 중단되었습니다. 지금 조치하고 있습니다.");
    expect(headingOf(badDay(), ru).title).toBe("Checkout не работает. Мы уже этим занимаемся.");
  });

  test("a service without data does not make the others unknown", () => {
    const fresh = firstMinute().services[0];
    if (fresh === undefined) throw new Error("no sample");
    const snapshot = sampleSnapshot([sampleService("a", "Alpha"), fresh]);
    expect(headingOf(snapshot, en).title).toBe("Everything is working.");
  });
});

describe("day bars", () => {
  test("ninety calm days are one stroke", () => {
    expect(dayBarPaths(sampleDays())).toEqual([{ role: "ok", path: "M0 23.5h720" }]);
  });
  test("a bad day rises out of the line, at its place", () => {
    expect(dayBarPaths(sampleDays({ 0: "major_outage" }))).toEqual([
      { role: "ok", path: "M0 23.5h712" },
      { role: "major", path: "M712 14h8" },
    ]);
  });
  test("fewer than ninety days stand at the end, with no data before them", () => {
    expect(dayBarPaths(sampleDays().slice(-2))).toEqual([
      { role: "ok", path: "M704 23.5h16" },
      { role: "none", path: "M0 27h704" },
    ]);
  });
  test("the sentence tells the same facts, with dates when they are few", () => {
    expect(daysSentence(sampleDays({ 13: "major_outage", 0: "major_outage", 8: "under_maintenance" }), en)).toBe(
      "90 days: 2 days with a major outage (24 July, today), 1 day with maintenance (29 July), otherwise operational.",
    );
    expect(daysSentence(sampleDays(), ru)).toBe("90 дней: без сбоев все дни.");
    expect(daysSentence(sampleDays({ 1: "partial_outage" }), ko)).toBe(
      "최근 90일: 부분 장애 1일 (8월 5일), 그 외에는 정상.",
    );
  });
});

describe("lines", () => {
  const box = { left: 0, top: 0, width: 10, height: 10 };
  test("a gap ends the line, and nothing is drawn in it", () => {
    expect(linePath([0, 10, null, 10, 10], { low: 0, high: 10 }, box)).toBe("M0 10l3-10M8 0h2");
  });
  test("a lone value is a dash of its step, inside the box", () => {
    expect(linePath([null, 5, null], { low: 0, high: 10 }, box)).toBe("M3 5h5");
    expect(linePath([null, null, 5], { low: 0, high: 10 }, box)).toBe("M8 5h2");
  });
  test("noise stays small on a sparkline, and no answers have no range", () => {
    expect(calmRange([100, 101, null])).toEqual({ low: 90, high: 150 });
    expect(calmRange([null])).toBeNull();
  });
  test("the top of a scale is a round number at or above the value", () => {
    expect([0, 1, 130, 312, 1_001].map(roundUp)).toEqual([1, 1, 200, 500, 2_000]);
  });
});

describe("objectives", () => {
  test("a kept objective shows what is left, a missed one says so", () => {
    const kept = sloLine(sampleSlo("a", "99.9", 80_248, 80_310), en);
    expect(plain(`${kept.over.replace("{percent}", kept.figure)} · ${kept.beside}`)).toBe(
      "99.92 % over 28 days · objective 99.9 % · 23 % of budget left",
    );
    expect(plain(sloLine(sampleSlo("a", "99.9", 80_181, 80_310), en).beside)).toBe("objective 99.9 %: missed");
  });
  test("a budget that is touched never reads as whole, nor one that is left as spent", () => {
    expect(plain(budgetLeftText(sampleSlo("a", "99", 99_999, 100_000), en) ?? "")).toBe("99 %");
    expect(plain(sloLine(sampleSlo("a", "99", 99_005, 100_000), en).beside)).toBe(
      "objective 99 % · under 1 % of budget left",
    );
  });
  test("a period of the calendar is named, not counted in days", () => {
    const monthly = { ...sampleSlo("a", "99.9", 80_248, 80_310), windowDays: 30, calendar: "month" as const };
    expect(plain(sloLine(monthly, en).over)).toBe("{percent} over the calendar month");
    expect(plain(sloLine(monthly, ru).over)).toBe("{percent} за календарный месяц");
    expect(plain(sloLine(monthly, ko).over)).toBe("이번 달 동안 {percent}");
  });
  test("nothing counted is said in words", () => {
    expect(plain(sloLine(sampleSlo("a", "99.9", 0, 0), en).over)).toBe(
      "Objective 99.9 % over 28 days, nothing counted yet",
    );
  });
  test("a page burns before a ticket, then the fastest", () => {
    const burning = (burnRate: number, severity: "page" | "ticket") =>
      sampleSlo("a", "99", 90, 100, { burning: { since: "2026-08-06T14:00:00.000Z", burnRate, severity } });
    const service = sampleService("a", "A", {
      slos: [burning(90, "ticket"), burning(15, "page"), burning(20, "page")],
    });
    expect(worstBurn(service)?.burnRate).toBe(20);
    expect(worstBurn(sampleService("b", "B"))).toBeNull();
  });
  test("limits are drawn where they are, and bounded", () => {
    expect(factorNumber("14/15")).toBeCloseTo(0.9333, 4);
    expect([0, 0.01, 1, 10, 1_000, 1e9].map(burnPosition)).toEqual([0, 0, 50, 100, 200, 200]);
  });
});

test("twenty services have twenty different histories", () => {
  const paths = twentyServices().services.map(({ days }) => JSON.stringify(dayBarPaths(days)));
  expect(new Set(paths).size).toBe(20);
});
