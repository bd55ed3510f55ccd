import { z } from "zod";
import { Identifier, Instant } from "./api.ts";

/**
 * What agents of remote locations and the server say to each other. An agent is of this program, of the same or another
 * release: fields are added, never renamed, and neither side refuses fields that it does not know.
 */

/** `aud` of every token: the agreed name of the service that takes runs. */
export const INGEST_AUDIENCE = "nines-ingest";
/** `iss` of the tokens of a location's agent. */
export const agentName = (locationId: string): string => `agent-${locationId}`;
/** A token is good for at most this long, clocks may differ by `TOKEN_LEEWAY_SECONDS`. */
export const TOKEN_LIFE_SECONDS = 300;
export const TOKEN_LEEWAY_SECONDS = 60;

export const RUNS_PATH = "/ingest/v1/runs";
export const PROBES_PATH = "/ingest/v1/probes";
/** Milliseconds since the epoch by the server's clock, on every answer to an agent. */
export const TIME_HEADER = "x-nines-time";
/** Server's clock minus the agent's in milliseconds, as the agent measured it; sent with a pull. */
export const OFFSET_HEADER = "x-nines-clock-offset";
/** Longest body of a push, before and after decoding. */
export const MAX_PUSH_BYTES = 1_048_576;
export const MAX_PUSH_RUNS = 5_000;
export const MAX_PUSH_DEPTH = 32;

/** A push before its runs are looked at one by one: a run that is wrong does not keep the others from being stored. */
export const PushBody = z.object({
  runs: z.array(z.unknown()).max(MAX_PUSH_RUNS),
  /** Re-checks that explain runs. A server that does not know them passes them over. */
  tries: z.array(z.unknown()).max(MAX_PUSH_RUNS).optional(),
  /** Server's clock minus the agent's, as the agent measured it. */
  clockOffsetMs: z
    .number()
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31 - 1)
    .nullable()
    .optional(),
});

/** What became of a push. `inserted + duplicates + refused` is how many runs came; tries are not counted. */
export const PushResult = z
  .object({
    inserted: z.number().int().nonnegative(),
    duplicates: z.number().int().nonnegative(),
    late: z.number().int().nonnegative().meta({ description: "Of the inserted ones: of minutes that were closed" }),
    refused: z.number().int().nonnegative(),
    refusals: z
      .array(z.object({ index: z.number().int().nonnegative(), reason: z.string() }))
      .meta({ description: "Runs that cannot be true, by their place in the push; the first 100" }),
  })
  .meta({ id: "PushResult", description: "What became of the runs of a push" });
export type PushResult = z.infer<typeof PushResult>;

/** What an agent is to run. Definitions are as in lib/core/definitions.ts, with their secrets. */
export const AgentWork = z.object({
  /** Changes with the content. */
  location: z.object({ id: Identifier, name: z.string() }),
  probes: z.array(z.looseObject({ id: z.string().min(1), type: z.string().min(1) })),
  /** Address of the public page, named to targets as whom to ask; null when none is configured. */
  pageUrl: z.string().nullable(),
  configuredAt: Instant,
});
export type AgentWork = z.infer<typeof AgentWork>;
