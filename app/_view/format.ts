import type { Plural, Words } from "../_words/words.ts";

/** Writes numbers, dates and lists as a language does, in the page's time zone. */
export type Format = {
  readonly words: Words;
  readonly timeZone: string;
  integer(value: number): string;
  /** A share 0..1 as percent, cut (not rounded) to `digits` places, so that a missed objective never looks met. */
  percent(share: number, digits: number): string;
  /** `part / whole` as percent from the exact counts, cut to `digits` places. */
  percentOf(part: number, whole: number, digits: number): string;
  /** A decimal string in percent, such as an objective: "99.9" is "99.9 %". */
  percentText(decimal: string): string;
  /** A burn rate: three significant digits at most. */
  rate(value: number): string;
  /** "14:02". */
  time(instant: string): string;
  /** "14:02" on the day of `today` (an instant), else "24 July, 14:02". */
  when(instant: string, today: string): string;
  /** "24 July", with the year when it is not the year of `today`. Takes an instant, or a YYYY-MM-DD that needs no zone. */
  day(date: string, today: string): string;
  /** "July 2026", from YYYY-MM. */
  month(month: string): string;
  /** "312 ms" or "1.24 s". */
  response(ms: number): string;
  /** A length of time in its largest one or two units: "14 minutes", "1 hour 20 minutes". */
  span(ms: number): string;
  list(names: readonly string[]): string;
  plural(count: number, forms: Plural): string;
  /** "UTC", or "Asia/Seoul (GMT+9)" as it is at `at`. */
  zone(at: string): string;
};

/** Replaces `{name}` by its value; unknown names stay, so that a test sees them. */
export const fillText = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

const SPANS = [
  { unit: "day", ms: 86_400_000 },
  { unit: "hour", ms: 3_600_000 },
  { unit: "minute", ms: 60_000 },
  { unit: "second", ms: 1_000 },
] as const;

const PLAIN_DATE = /^\d{4}-\d\d-\d\d$/;

/** What is not whole has nine places at most. */
const PARTS = 1_000_000_000;

/** `part / whole` in units of 10^-digits percent, rounded down: exact for all safe integers, and for slices good in part. */
const cutPercent = (part: number, whole: number, digits: number): number => {
  if (whole === 0) return 0;
  const scale = Number.isInteger(part) ? 1 : PARTS;
  const scaled = BigInt(Math.round(part * scale)) * 100n * 10n ** BigInt(digits);
  return Number(scaled / (BigInt(whole) * BigInt(scale))) / 10 ** digits;
};

const dateFormats = (locale: string, timeZone: string) => {
  const of = (options: Intl.DateTimeFormatOptions, zone = timeZone) =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
  const dayAndMonth = { day: "numeric", month: "long" } as const;
  return {
    time: of({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    day: of(dayAndMonth),
    dayWithYear: of({ ...dayAndMonth, year: "numeric" }),
    plainDay: of(dayAndMonth, "UTC"),
    month: of({ month: "long", year: "numeric" }, "UTC"),
    plainDayWithYear: of({ ...dayAndMonth, year: "numeric" }, "UTC"),
    /** YYYY-MM-DD in the page's zone, to compare days. */
    key: new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }),
  };
};

/** Numbers with an option each; one is made once, since that takes longer than all of its uses. */
const kept = <K>(make: (key: K) => Intl.NumberFormat): ((key: K) => Intl.NumberFormat) => {
  const known = new Map<K, Intl.NumberFormat>();
  return (key) => {
    const format = known.get(key) ?? make(key);
    known.set(key, format);
    return format;
  };
};

const spanFormat = (locale: string) => {
  const units = kept((unit: string) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }));
  return (ms: number): string => {
    const write = (value: number, unit: string) => units(unit).format(value);
    const first = SPANS.findIndex((span) => ms >= span.ms);
    const large = SPANS[first];
    if (large === undefined) return write(0, "second");
    const count = Math.floor(ms / large.ms);
    const small = SPANS[first + 1];
    const rest = small === undefined || large.unit === "minute" ? 0 : Math.floor((ms - count * large.ms) / small.ms);
    return rest === 0 || small === undefined
      ? write(count, large.unit)
      : `${write(count, large.unit)} ${write(rest, small.unit)}`;
  };
};

const responseFormat = (words: Words) => {
  const whole = new Intl.NumberFormat(words.locale, { maximumFractionDigits: 0 });
  const seconds = new Intl.NumberFormat(words.locale, { maximumSignificantDigits: 3 });
  return (ms: number): string =>
    ms < 999.5
      ? fillText(words.milliseconds, { number: whole.format(ms) })
      : fillText(words.seconds, { number: seconds.format(ms / 1_000) });
};

/** Makes the writer for one language and time zone. */
export const createFormat = (words: Words, timeZone: string): Format => {
  const { locale } = words;
  const dates = dateFormats(locale, timeZone);
  const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const rates = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const rules = new Intl.PluralRules(locale);
  const lists = new Intl.ListFormat(locale, { type: "conjunction" });
  const decimals = kept((digits: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }));
  const asPercent = (value: number, digits: number) =>
    fillText(words.percent, { number: decimals(digits).format(value) });
  const keyOf = (date: string) => (PLAIN_DATE.test(date) ? date : dates.key.format(new Date(date)));

  const format: Format = {
    words,
    timeZone,
    integer: (value) => integers.format(value),
    percent: (share, digits) => asPercent(Math.floor(share * 100 * 10 ** digits + 1e-9) / 10 ** digits, digits),
    percentOf: (part, whole, digits) => asPercent(cutPercent(part, whole, digits), digits),
    percentText: (decimal) => asPercent(Number(decimal), 10),
    rate: (value) => rates.format(value),
    time: (instant) => dates.time.format(new Date(instant)),
    when: (instant, today) =>
      keyOf(instant) === keyOf(today) ? format.time(instant) : `${format.day(instant, today)}, ${format.time(instant)}`,
    day: (date, today) => {
      const isPlain = PLAIN_DATE.test(date);
      const at = new Date(date);
      if (keyOf(date).slice(0, 4) === keyOf(today).slice(0, 4))
        return (isPlain ? dates.plainDay : dates.day).format(at);
      return (isPlain ? dates.plainDayWithYear : dates.dayWithYear).format(at);
    },
    month: (month) => dates.month.format(new Date(`${month}-01`)),
    response: responseFormat(words),
    span: spanFormat(locale),
    list: (names) => lists.format(names),
    plural: (count, forms) => fillText(forms[rules.select(count)] ?? forms.other, { count: integers.format(count) }),
    zone: (at) => {
      if (timeZone === "UTC" || timeZone === "Etc/UTC") return "UTC";
      const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "shortOffset" }).formatToParts(
        new Date(at),
      );
      return `${timeZone} (${parts.find((part) => part.type === "timeZoneName")?.value ?? timeZone})`;
    },
  };
  return format;
};
