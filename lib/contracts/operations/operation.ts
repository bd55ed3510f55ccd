import { z } from "zod";
import type { Scope } from "#lib/core/access/authorise.ts";
import { oneLine, withoutControls } from "#lib/core/plain-text.ts";
import { epochMs } from "#lib/core/units.ts";
import { Identifier, Pagination } from "../api.ts";

/** What the tables of operations are made of. */

const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;
/** T32. */
export const MAX_BODY_BYTES = 1_000_000;
export const MAX_BODY_DEPTH = 32;

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

/** One key of `sort`. */
export type SortKey = { readonly field: string; readonly isDescending: boolean };

const MOST_SORT_KEYS = 3;
const sortKeysOf = (text: string): SortKey[] =>
  text.split(",").map((part) => ({ field: part.replace(/^[-+ ]/, ""), isDescending: part.startsWith("-") }));

/**
 * `sort=-createdAt,+status` for these fields and no others. A plus sign that was not escaped arrives as a space and is
 * read as one. Undefined when it is left out: the list's own order.
 */
export const sorting = (fields: readonly [string, ...string[]]) =>
  z
    .string()
    .max(200)
    .refine(
      (text) => {
        const keys = sortKeysOf(text).map(({ field }) => field);
        return (
          keys.length <= MOST_SORT_KEYS &&
          new Set(keys).size === keys.length &&
          keys.every((field) => fields.includes(field))
        );
      },
      { error: `must be up to ${MOST_SORT_KEYS} of ${fields.join(", ")}, with - before what goes down` },
    )
    .transform((text): readonly SortKey[] => sortKeysOf(text))
    .optional()
    .meta({
      description: `Order by up to ${MOST_SORT_KEYS} of ${fields.join(", ")}, with commas between them; - goes down`,
      type: "string",
      example: `-${fields[0]}`,
    });

/** `q`: what somebody types into a search box. */
export const searching = {
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((text) => !text.includes("\u0000") && text.isWellFormed(), "holds NUL or half of a surrogate pair")
    .optional()
    .meta({ description: "Only what has this text in its id or name, in upper or lower case", example: "shop" }),
};

/** The other way to page through what seldom changes: from a count of items on. */
export const offsetPaging = {
  offset: z
    .string()
    .regex(/^\d{1,6}$/, "must be a whole number in decimal digits")
    .transform(Number)
    .optional()
    .meta({
      description: "Leave out so many items; `pagination` is then `{total, limit, offset, pages}`",
      type: "integer",
      minimum: 0,
      example: 0,
    }),
};

/** An identifier in a query or a body. */
export const id = Identifier.regex(/^[a-z0-9_][a-z0-9_-]*$/, "is not an identifier");

export const NoQuery = z.strictObject({});

/** Within these years windows before and after an instant are ones that PostgreSQL can say. */
const isWithinYears = (text: string): boolean => {
  const year = new Date(text).getUTCFullYear();
  return year >= 1970 && year < 9000;
};
const instantText = () =>
  z.iso
    .datetime({ error: "must be an instant such as 2026-11-03T14:00:00Z", abort: true })
    .refine(isWithinYears, "must be within the years 1970 to 8999");

/** An optional instant, as milliseconds since the epoch. */
export const instant = (description: string) =>
  instantText()
    .transform((text) => epochMs(Date.parse(text)))
    .optional()
    .meta({ description, type: "string", format: "date-time" });

/** An instant in a body, as milliseconds since the epoch. */
export const bodyInstant = (description: string) =>
  instantText()
    .transform((text) => epochMs(Date.parse(text)))
    .meta({ description, type: "string", format: "date-time" });

const cleanText = (clean: (text: string) => string, longest: number, description: string) =>
  z
    .string()
    .overwrite(clean)
    .trim()
    .min(1, "is empty")
    .max(longest, `may have ${longest} characters`)
    .refine((text) => !text.includes("\u0000") && text.isWellFormed(), "holds NUL or half of a surrogate pair")
    .meta({ description });

/** A text that people read: trimmed and without control characters, neither empty nor longer than `longest` characters. */
export const bodyText = (longest: number, description: string) => cleanText(withoutControls, longest, description);

/** The same for titles and names: line ends become spaces. */
export const bodyLine = (longest: number, description: string) => cleanText(oneLine, longest, description);

const OffsetPagination = z
  .strictObject({
    total: z.number().int().nonnegative(),
    limit: z.number().int().positive(),
    offset: z.number().int().nonnegative(),
    pages: z.number().int().nonnegative(),
  })
  .meta({ id: "OffsetPagination" });

/** One page of a list that also knows the offset form. */
export const staticListOf = (item: z.ZodType, name: string) =>
  z.strictObject({ data: z.array(item), pagination: z.union([Pagination, OffsetPagination]) }).meta({ id: name });

/** One page of a list. */
export const listOf = (item: z.ZodType, name: string) =>
  z.strictObject({ data: z.array(item), pagination: Pagination }).meta({ id: name });

export type OperationTag =
  | "services"
  | "config"
  | "probes"
  | "slos"
  | "alerts"
  | "silences"
  | "exclusions"
  | "incidents"
  | "maintenances"
  | "statements"
  | "keys"
  | "endpoints"
  | "deliveries"
  | "events"
  | "metrics"
  | "meta"
  | "budgets"
  | "locations"
  | "jobs"
  | "live"
  | "users"
  | "audit"
  | "subscribers"
  | "statuspage"
  | "health";

/** Problems that an operation tells beside those that follow from its scope, its body and its method. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 406 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

/** One operation, declared once: router, authorisation, validation and OpenAPI all read it here. */
export type Operation = {
  readonly operationId: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly tag: OperationTag;
  readonly summary: string;
  /** Who may ask: everybody (null), or keys that hold this scope. */
  readonly scope: Scope | null;
  /** For everybody, and tells more to people who are signed in and to keys that may read probes. */
  readonly showsMoreWhenSignedIn?: true;
  readonly query: z.ZodObject;
  /** What the JSON body must be. Left out: no body is read. */
  readonly body?: z.ZodType;
  /** Null: there is no body in the answer (204). */
  readonly response: z.ZodType | null;
  /** Of a success; 200 when left out. 201 comes with `Location`. */
  readonly status?: 200 | 201 | 202 | 204;
  /** How long its transaction may take when it is more than the usual 2 s. */
  readonly deadlineMs?: number;
  /** Tokens of the rate limit; 1 for a read and 2 for a change when left out. */
  readonly cost?: number;
  /** Media types that it can answer with beside application/json. */
  readonly produces?: readonly string[];
  /** A stream of server-sent events in place of a JSON body. */
  readonly streams?: true;
  /** It waits for others and changes nothing that is kept: no transaction is open meanwhile, and its answer is not stored. */
  readonly worksOutside?: true;
  /** It goes away: since when that is known, from when on it may be gone (dates), and the path of what takes its place. */
  readonly deprecated?: { readonly since: string; readonly sunset: string; readonly successor: string };
  readonly problems: readonly ProblemStatus[];
};

/** Tokens of the rate limit that a request takes; a search is dearer. */
export const costOf = ({ cost, method }: Pick<Operation, "cost" | "method">, isSearch = false): number =>
  (cost ?? (method === "GET" ? 1 : 2)) + (isSearch ? 2 : 0);

export const READ_PROBLEMS = [400, 500, 503] as const;
export const READ_ONE_PROBLEMS = [400, 404, 500, 503] as const;
export const WRITE_PROBLEMS = [400, 404, 409, 422, 500, 503] as const;
