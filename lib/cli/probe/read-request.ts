import { z } from "zod";
import { withDefaultStatus } from "#lib/core/assertions.ts";
import type { Assertion } from "#lib/core/definitions.ts";
import { ASSERTION_OPS } from "#lib/core/definitions.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { durationMs } from "#lib/core/units.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import type { HttpTarget } from "#probes/checks/http.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const value = z.union([scalar, z.null(), z.array(scalar)]).default(null);
const op = z.enum(ASSERTION_OPS).default("eq");
const latencyMs = z.union([z.number().nonnegative(), z.string()]).transform((input, context) => {
  const ms = typeof input === "number" ? input : parseDuration(input);
  if (ms !== null) return durationMs(ms);
  context.addIssue({ code: "custom", message: "must be milliseconds or a duration such as 800ms" });
  return z.NEVER;
});

const AssertionInput = z.discriminatedUnion("type", [
  z.object({ type: z.literal("status"), op, value }),
  z.object({ type: z.literal("header"), name: z.string().min(1), op, value }),
  z.object({ type: z.literal("body"), op, value }),
  z.object({ type: z.literal("json_path"), path: z.string().min(1), op, value }),
  z.object({ type: z.literal("certificate"), op, value }),
  z
    .object({ type: z.literal("latency"), op: z.enum(ASSERTION_OPS).default("lt"), value: latencyMs })
    .transform(({ type, op, value: valueMs }): Assertion => ({ type, op, valueMs })),
]);

const positive = z.number().positive().max(86_400_000);
const count = z.number().int().nonnegative();

/** One line of `probe --batch`. Fields that we do not know are passed over, so that callers may keep notes in them. */
const BatchLine = z.object({
  url: z.string(),
  method: z
    .string()
    .regex(/^[A-Za-z]+$/, "must be letters")
    .transform((name) => name.toUpperCase())
    .refine((name) => name !== "CONNECT" && name !== "TRACE", "is not allowed")
    .default("GET"),
  headers: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  body: z.string().nullish(),
  timeout_ms: positive.default(10_000),
  connect_timeout_ms: positive.nullish(),
  max_body_bytes: count.default(DEFAULT_CAPS.bodyBytes),
  max_header_bytes: count.positive().default(DEFAULT_CAPS.headBytes),
  max_redirects: count.max(50).default(10),
  assertions: z.array(AssertionInput).max(1_000).default([]),
  allow: z.array(z.string()).max(1_000).default([]),
  tls_ca_file: z.string().nullish(),
});

export type ReadRequest =
  | { readonly kind: "request"; readonly id: unknown; readonly target: HttpTarget }
  | { readonly kind: "unreadable"; readonly id: unknown; readonly reason: string };

const reasonOf = (error: z.ZodError): string => {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || "line"}: ${issue?.message ?? "not valid"}`.slice(0, 300);
};

const idOf = (input: unknown): unknown =>
  typeof input === "object" && input !== null && Object.hasOwn(input, "id") ? (input as { id: unknown }).id : null;

/** Reads a request that was parsed from JSON. `readCa` returns the text of a PEM file and may throw. */
export const readRequest = (input: unknown, readCa: (path: string) => string): ReadRequest => {
  const id = idOf(input);
  const parsed = BatchLine.safeParse(input);
  if (!parsed.success) return { kind: "unreadable", id, reason: reasonOf(parsed.error) };
  const line = parsed.data;
  let caPem: string | null = null;
  try {
    if (typeof line.tls_ca_file === "string") caPem = readCa(line.tls_ca_file);
  } catch {
    return { kind: "unreadable", id, reason: "tls_ca_file: cannot be read" };
  }
  const target: HttpTarget = {
    url: line.url,
    method: line.method,
    headers: line.headers,
    body: line.body ?? null,
    timeoutMs: line.timeout_ms,
    connectTimeoutMs: line.connect_timeout_ms ?? null,
    maxRedirects: line.max_redirects,
    caps: {
      ...DEFAULT_CAPS,
      headBytes: line.max_header_bytes,
      bodyBytes: line.max_body_bytes,
      decodedBytes: line.max_body_bytes,
    },
    assertions: withDefaultStatus(line.assertions),
    allow: line.allow,
    caPem,
  };
  return { kind: "request", id, target };
};

/** The same for one line of text. */
export const readLine = (text: string, readCa: (path: string) => string): ReadRequest => {
  try {
    // Some shells put a byte order mark before what they pipe.
    return readRequest(JSON.parse(text.replace(/^\uFEFF/, "")), readCa);
  } catch {
    return { kind: "unreadable", id: null, reason: "line: not JSON" };
  }
};
