import type { JWK } from "jose";
import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import type { Database } from "#db/database.ts";
import type { AgentKey } from "#db/queries/agents.ts";
import { readAgentKey } from "#db/queries/agents.ts";
import { agentName, INGEST_AUDIENCE, TOKEN_LEEWAY_SECONDS, TOKEN_LIFE_SECONDS } from "#lib/contracts/ingest.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { algorithmOf } from "./agent-jwk.ts";

const MAX_TOKEN_LENGTH = 8_192;
/** Parts of a head that would let the token name its own key, or ask for something that we do not do. */
const FORBIDDEN_PARTS = ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"] as const;

/** Why a token is not accepted goes to the log; whoever sent it learns one sentence only. */
const refused = (reason: string): AppError =>
  new AppError("UNAUTHENTICATED", "the token of the agent is not accepted", { cause: reason });

/** The name of the key and the algorithm that the head claims. @throws AppError UNAUTHENTICATED */
const readHead = (token: string): { kid: string; alg: string } => {
  if (token.length > MAX_TOKEN_LENGTH) throw refused("too long");
  let head: Record<string, unknown>;
  try {
    head = decodeProtectedHeader(token);
  } catch {
    throw refused("not a JWT");
  }
  const forbidden = FORBIDDEN_PARTS.find((part) => Object.hasOwn(head, part));
  if (forbidden !== undefined) throw refused(`the head holds ${forbidden}`);
  const { kid, alg, typ } = head;
  if (typeof kid !== "string" || kid === "" || kid.length > 128) throw refused("the head names no key");
  if (typ !== undefined && String(typ).toUpperCase() !== "JWT") throw refused("the type is not JWT");
  return { kid, alg: String(alg) };
};

/**
 * The agent behind a bearer token (R97 to R100): signed with the registered key that its head names, by the algorithm of
 * that key and no other, issued by the agent of the key's location for this service, not expired, not over five minutes
 * of life, with 60 s of leeway for clocks. `jti` is not kept: a pull only reads, and a push that is repeated stores
 * nothing twice, so a replay within the token's life does nothing that its owner did not do.
 * @throws AppError UNAUTHENTICATED; FORBIDDEN when the location left the configuration; errors of the database.
 */
export const verifyAgentToken = async (
  database: Database,
  { token, now }: { token: string; now: EpochMs },
): Promise<AgentKey> => {
  const { kid, alg } = readHead(token);
  const key = await database.read((db) => readAgentKey(db, kid));
  if (key === null || key.isRevoked) throw refused(key === null ? "unknown key" : "revoked key");
  const jwk = JSON.parse(key.jwk) as JWK;
  const algorithm = algorithmOf(jwk);
  if (alg !== algorithm) throw refused("the algorithm is not that of the key");
  try {
    const { payload } = await jwtVerify(token, await importJWK(jwk, algorithm), {
      algorithms: [algorithm],
      issuer: agentName(key.locationId),
      audience: INGEST_AUDIENCE,
      clockTolerance: TOKEN_LEEWAY_SECONDS,
      requiredClaims: ["iss", "aud", "exp", "iat"],
      maxTokenAge: TOKEN_LIFE_SECONDS,
      currentDate: new Date(now),
    });
    const life = (payload.exp ?? Number.POSITIVE_INFINITY) - (payload.iat ?? 0);
    if (!(life <= TOKEN_LIFE_SECONDS)) throw refused("lives too long");
  } catch (error) {
    throw error instanceof AppError ? error : refused(error instanceof Error ? error.message : "not valid");
  }
  if (key.isLocationRetired)
    throw new AppError("FORBIDDEN", `the location "${key.locationId}" is not in the configuration any more`);
  return key;
};
