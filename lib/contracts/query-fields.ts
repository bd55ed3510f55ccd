import { z } from "zod";
import { epochMs } from "#lib/core/units.ts";
import { Identifier, Pagination } from "./api.ts";

/** Parameters and answers that many operations share. */

const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

/** Digits only: what JavaScript reads as a number besides (0x10, 1e1, " 5") is none here. */
const limit = z
  .string()
  .regex(/^\d{1,9}$/, "must be a whole number in decimal digits")
  .transform(Number)
  .pipe(z.number().int().min(1).max(MAX_PAGE_SIZE))
  .optional()
  .transform((count) => count ?? DEFAULT_PAGE_SIZE)
  .meta({
    description: "How many at most",
    example: DEFAULT_PAGE_SIZE,
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern;
      Object.assign(jsonSchema, { type: "integer", minimum: 1, maximum: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE });
    },
  });
const cursor = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[A-Za-z0-9_-]+$/, "is not a cursor of this API");
const after = cursor
  .optional()
  .meta({ description: "Continue after this cursor: `pagination.nextCursor` of an answer" });
const before = cursor
  .optional()
  .meta({ description: "Go back before this cursor: `pagination.prevCursor` of an answer" });
export const paging = { limit, after, before };

/** A thing of the configuration, by its id. */
export const id = Identifier.regex(/^[a-z0-9_][a-z0-9_-]*$/, "is not an identifier");

export const NoQuery = z.strictObject({});

/** An instant that may be left out, as milliseconds since the epoch. */
export const instant = (description: string) =>
  z.iso
    .datetime({ error: "must be an instant such as 2026-11-03T14:00:00Z" })
    .transform((text) => epochMs(Date.parse(text)))
    .optional()
    .meta({ description, type: "string", format: "date-time" });

/** One page of a list. */
export const listOf = (item: z.ZodType, name: string) =>
  z.strictObject({ data: z.array(item), pagination: Pagination }).meta({ id: name });
