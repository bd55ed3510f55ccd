import { z } from "zod";

/** The plain values that resources are made of. */

export const Instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ id: "Instant", description: "ISO 8601, UTC, milliseconds", example: "2026-11-03T14:02:00.000Z" });
export const DecimalText = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ id: "Decimal", description: "An exact decimal number as text", example: "99.9" });
export const DurationText = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d|w)$/)
  .meta({ id: "Duration", description: "A length of time with its unit", example: "5m" });
export const Identifier = z.string().min(1).max(128).meta({ description: "Stable identifier", example: "shop" });
export const Count = z.number().int().nonnegative();
export const EventCount = z
  .number()
  .nonnegative()
  .meta({ description: "Whole, but where slices count that may be bad in part" });

/** Writes a finite number as a plain decimal of at most `digits` places, without exponent and trailing zeros. Null stays null. */
export const decimalText = (value: number | null, digits = 9): string | null => {
  if (value === null || !Number.isFinite(value)) return null;
  const text = value.toFixed(digits).replace(/\.?0+$/, "");
  return text === "-0" || text === "" ? "0" : text;
};

/** Milliseconds since the epoch as the text of `Instant`. */
export const instantText = (at: number): string => new Date(at).toISOString();

export const BudgetReading = z
  .strictObject({
    consumedRatio: DecimalText.nullable().meta({
      description: "Share of the budget that is spent; above 1 when overspent",
    }),
    remainingRatio: DecimalText.nullable().meta({ description: "Signed share of the budget that is left" }),
    exhaustedInSeconds: Count.nullable().meta({
      description: "Until nothing is left at the present burn rate; 0 when spent, null without burn or data",
    }),
  })
  .meta({ id: "BudgetReading" });
