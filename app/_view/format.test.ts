import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WORDS } from "../_words/index.ts";
import { createFormat } from "./format.ts";

const NOW = "2026-08-06T14:07:31.000Z";
const en = createFormat(WORDS.en, "UTC");
const ko = createFormat(WORDS.ko, "Asia/Seoul");
const ru = createFormat(WORDS.ru, "Europe/Moscow");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("figures", () => {
  test.each([
    {
      name: "an attainment is cut, never rounded up to its objective",
      text: en.percentOf(99_899_999, 100_000_000, 2),
      is: "99.89 %",
    },
    { name: "a slice may be good in part", text: en.percentOf(1.833333333, 2, 2), is: "91.66 %" },
    { name: "a whole share has no decimals", text: en.percentOf(80_310, 80_310, 3), is: "100 %" },
    { name: "Russian writes a decimal comma", text: ru.percentText("99.95"), is: "99,95 %" },
    { name: "Korean writes the sign beside the number", text: ko.percentText("99.9"), is: "99.9%" },
    { name: "a negative share is cut downwards", text: en.percent(-0.2315, 1), is: "-23.2 %" },
    { name: "a share that a double holds too low is not cut below itself", text: en.percent(0.29, 0), is: "29 %" },
    { name: "under a second in milliseconds", text: en.response(311.6), is: "312 ms" },
    { name: "from a second on in seconds", text: en.response(1_240), is: "1.24 s" },
    { name: "a value that rounds to a second is one", text: en.response(999.6), is: "1 s" },
    { name: "a burn rate has three figures at most", text: en.rate(13.4399), is: "13.4" },
  ])("$name", ({ text, is }) => expect(plain(text)).toBe(is));

  test("cutting agrees with integer division for any counts", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat({ max: 1_000_000 }), (total, seed) => {
        const good = seed % (total + 1);
        const shown = Number(en.percentOf(good, total, 2).replace(/[^\d.]/g, ""));
        expect(shown).toBeLessThanOrEqual((good / total) * 100 + 1e-9);
        expect(shown).toBeGreaterThan((good / total) * 100 - 0.01 - 1e-9);
      }),
    );
  });
});

describe("time", () => {
  test.each([
    { name: "today is only a time", text: en.when("2026-08-06T09:05:00.000Z", NOW), is: "09:05" },
    { name: "another day is named", text: en.when("2026-07-24T09:05:00.000Z", NOW), is: "24 July, 09:05" },
    { name: "another year is named", text: en.day("2025-12-31", NOW), is: "31 December 2025" },
    { name: "the zone decides what today is", text: ko.when("2026-08-05T15:00:00.000Z", NOW), is: "00:00" },
    { name: "a plain date does not shift with the zone", text: ko.day("2026-07-24", NOW), is: "7월 24일" },
    { name: "midnight is 00:00", text: en.time("2026-08-06T00:00:00.000Z"), is: "00:00" },
    { name: "minutes", text: en.span(14 * 60_000), is: "14 minutes" },
    { name: "one hour and a rest", text: en.span(80 * 60_000), is: "1 hour 20 minutes" },
    { name: "days", text: ru.span(28 * 86_400_000), is: "28 дней" },
    { name: "less than a second", text: en.span(400), is: "0 seconds" },
    { name: "a zone other than UTC tells its offset", text: ko.zone(NOW), is: "Asia/Seoul (GMT+9)" },
    { name: "UTC is UTC", text: en.zone(NOW), is: "UTC" },
  ])("$name", ({ text, is }) => expect(plain(text)).toBe(is));

  test("Russian plurals follow the number", () => {
    const forms = WORDS.ru.subject.count;
    expect([1, 3, 5, 11, 21, 22].map((count) => ru.plural(count, forms))).toEqual([
      "1 сервис",
      "3 сервиса",
      "5 сервисов",
      "11 сервисов",
      "21 сервис",
      "22 сервиса",
    ]);
  });
});
