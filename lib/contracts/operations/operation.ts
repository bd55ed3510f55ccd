import { z } from "zod";
import type { Scope } from "#lib/core/access/authorise.ts";
import { epochMs } from "#lib/core/units.ts";
import { Identifier, Pagination } from "../api.ts";

/** What the tables of operations are made of. */

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

/** An identifier in a query or a body. */
export const id = Identifier.regex(/^[a-z0-9_][a-z0-9_-]*$/, "is not an identifier");

export const NoQuery = z.strictObject({});

/** An optional instant, as milliseconds since the epoch. */
export const instant = (description: string) =>
  z.iso
    .datetime({ error: "must be an instant such as 2026-11-03T14:00:00Z" })
    .transform((text) => epochMs(Date.parse(text)))
    .optional()
    .meta({ description, type: "string", format: "date-time" });

/** An instant in a body, as milliseconds since the epoch. */
export const bodyInstant = (description: string) =>
  z.iso
    .datetime({ error: "must be an instant such as 2026-11-03T14:00:00Z" })
    .transform((text) => epochMs(Date.parse(text)))
    .meta({ description, type: "string", format: "date-time" });

/** A text that people read: trimmed, neither empty nor longer than `longest` characters. */
export const bodyText = (longest: number, description: string) =>
  z
    .string()
    .trim()
    .min(1, "is empty")
    .max(longest, `may have ${longest} characters`)
    .refine((text) => !text.includes("\u0000") && text.isWellFormed(), "holds NUL or half of a surrogate pair")
    .meta({ description });

/** One page of a list. */
export const listOf = (item: z.ZodType, name: string) =>
  z.strictObject({ data: z.array(item), pagination: Pagination }).meta({ id: name });

export type OperationTag =
  | "services"
  | "probes"
  | "slos"
  | "alerts"
  | "silences"
  | "exclusions"
  | "maintenances"
  | "statements"
  | "keys"
  | "endpoints"
  | "deliveries"
  | "events"
  | "metrics"
  | "meta"
  | "statuspage"
  | "health";

/** Problems that an operation tells beside those that follow from its scope, its body and its method. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 500 | 503;

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
  readonly problems: readonly ProblemStatus[];
};

export const READ_PROBLEMS = [400, 500, 503] as const;
export const READ_ONE_PROBLEMS = [400, 404, 500, 503] as const;
export const WRITE_PROBLEMS = [400, 404, 409, 422, 500, 503] as const;
