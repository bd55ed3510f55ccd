import { AppError } from "#lib/core/errors.ts";

const PARTS = new Set(
  "FREQ INTERVAL COUNT UNTIL BYHOUR BYMINUTE BYDAY BYMONTHDAY BYYEARDAY BYWEEKNO BYMONTH BYSETPOS WKST".split(" "),
);
const FREQUENCIES = new Set(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
const LONGEST_RULE = 500;

/** @throws AppError INVALID_REQUEST */
export const refuseRule = (why: string): never => {
  throw new AppError("INVALID_REQUEST", `rrule: ${why}`);
};

/**
 * A rule of RFC 5545 in one form: upper case, without "RRULE:".
 * @throws AppError INVALID_REQUEST for anything that is not one rule of hours, days, weeks, months or years.
 */
export const readRule = (text: string): string => {
  const rule = text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, "");
  if (rule.length > LONGEST_RULE) return refuseRule(`may have ${LONGEST_RULE} characters`);
  const parts = rule.split(";").map((part) => part.split("="));
  for (const [name = "", value = "", ...rest] of parts) {
    if (!PARTS.has(name)) return refuseRule(`there is no part "${name}" that is taken`);
    if (rest.length > 0 || !/^[A-Z0-9,+-]+$/.test(value)) return refuseRule(`the value of ${name} is not valid`);
  }
  const names = parts.map(([name]) => name);
  if (new Set(names).size !== names.length) return refuseRule("a part is given twice");
  const frequency = parts.find(([name]) => name === "FREQ")?.[1];
  if (frequency === undefined || !FREQUENCIES.has(frequency))
    return refuseRule(`FREQ must be one of ${[...FREQUENCIES].join(", ")}`);
  return rule;
};
