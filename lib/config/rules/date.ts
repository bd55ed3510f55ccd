import { parseWallTime } from "#lib/core/calendar.ts";
import type { Complaint } from "../config-error.ts";
import type { Check } from "../scalars.ts";

const complain = (form: string): Complaint => ({ kind: "format", message: `must be a date that exists, as ${form}` });

/** "2026-02-28": a day that exists. */
export const checkDate: Check<string> = (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && parseWallTime(`${text} 00:00:00`) !== null ? null : complain("YYYY-MM-DD");

/** The wall time of an anchor: a date alone means its midnight. */
export const anchorText = (text: string): string => (text.length === 10 ? `${text} 00:00:00` : text);

/** A date, or a date and a time of day. */
export const checkAnchor: Check<string> = (text) =>
  parseWallTime(anchorText(text)) === null ? complain("YYYY-MM-DD or YYYY-MM-DD hh:mm:ss") : null;
