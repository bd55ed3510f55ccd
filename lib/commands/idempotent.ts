import { createHash, hkdfSync } from "node:crypto";
import type { Database, Tx } from "#db/database.ts";
import { readIdempotentAnswer, tryLockIdempotencyKey, writeIdempotentAnswer } from "#db/queries/idempotency.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { canonicalJson } from "./canonical-json.ts";
import { createSecretBox } from "./secret-box.ts";

/** Answers are kept for this long. */
const IDEMPOTENCY_TTL_MS = DAY_MS;
const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

export type IdempotentRequest = {
  /** Whose key it is: two callers may use the same one. */
  readonly principalId: string;
  /** The caller's secret: with the key it opens the stored answer, which may hold a secret that is shown once. */
  readonly token: string;
  readonly key: string;
  /** Everything that makes the request what it is: a JSON value. */
  readonly request: unknown;
  readonly now: EpochMs;
};

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Runs `work` in a transaction at most once for one Idempotency-Key: the answer is stored in the transaction of the change,
 * so that one exists exactly when the other does, also after a crash. The same request again gets the stored answer.
 * An error stores nothing: the next try is a new one. `work` answers with a JSON value.
 * @throws AppError INVALID_REQUEST for the key; CONFLICT while the same is in flight; IDEMPOTENCY_KEY_REUSED for another
 * request under the key; whatever `work` throws.
 */
export const runIdempotent = async <T>(
  database: Database,
  { principalId, token, key, request, now }: IdempotentRequest,
  work: (tx: Tx) => Promise<T>,
): Promise<{ readonly answer: T; readonly isReplay: boolean }> => {
  if (!KEY_FORM.test(key))
    throw new AppError("INVALID_REQUEST", "an Idempotency-Key has 1 to 255 printable ASCII characters without spaces");
  const stored = { principal: principalId, keySha256: sha256(key) };
  const requestSha256 = sha256(canonicalJson(request));
  const box = createSecretBox(new Uint8Array(hkdfSync("sha256", token, key, "nines idempotent answer", 32)));
  const context = `idempotency_keys:${stored.principal}:${stored.keySha256}`;
  return database.transaction(async (tx) => {
    if (!(await tryLockIdempotencyKey(tx, stored)))
      throw new AppError("CONFLICT", "a request with this Idempotency-Key is being answered; try again shortly");
    const known = await readIdempotentAnswer(tx, { ...stored, now });
    if (known !== null && known.requestSha256 !== requestSha256)
      throw new AppError("IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key was used for another request");
    if (known !== null) return { answer: JSON.parse(box.open(known.answer, context)) as T, isReplay: true };
    const answer = await work(tx);
    const sealed = box.seal(JSON.stringify(answer), context);
    await writeIdempotentAnswer(tx, {
      ...stored,
      requestSha256,
      answer: sealed,
      expiresAt: addMs(now, IDEMPOTENCY_TTL_MS),
    });
    return { answer, isReplay: false };
  });
};
