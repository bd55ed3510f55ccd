import { createHash } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { UserRow } from "#db/queries/users.ts";
import { lockUser, replaceRecoveryCodes, updateUser, useRecoveryCode } from "#db/queries/users.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";

/** RFC 6238 as every app knows it: SHA-1, six digits, 30 s; 160 bits of secret (RFC 4226, 4). */
const PERIOD_SECONDS = 30;
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;

type World = { readonly now: EpochMs; readonly randomBytes: RandomBytes; readonly secretBox: SecretBox };

const contextOf = (userId: string): string => `users:${userId}:totp`;

const totpOf = (secret: string, login: string): TOTP =>
  new TOTP({ issuer: "Nines", label: login, secret: Secret.fromBase32(secret), period: PERIOD_SECONDS, digits: 6 });

const hashOfCode = (userId: string, code: string): string =>
  createHash("sha256").update(`${userId}\n${code}`).digest("hex");

const secretOf = ({ id, totpCiphertext }: UserRow, secretBox: Pick<SecretBox, "open">): string | null =>
  totpCiphertext === null ? null : secretBox.open(totpCiphertext, contextOf(id));

/** What an app needs to make codes of a factor that is being set up; null when none is. */
export const pendingFactorOf = (
  user: UserRow,
  secretBox: Pick<SecretBox, "open">,
): { secret: string; uri: string } | null => {
  if (user.totpEnabledAt !== null) return null;
  const secret = secretOf(user, secretBox);
  return secret === null ? null : { secret, uri: totpOf(secret, user.login).toString() };
};

/** The step of 30 s whose code this is, one to either side of now; null when it is none or not newer than the last one. */
const stepOf = (user: UserRow, code: string, { now, secretBox }: Pick<World, "now" | "secretBox">): number | null => {
  const secret = secretOf(user, secretBox);
  if (secret === null || !/^\d{6}$/.test(code)) return null;
  const delta = totpOf(secret, user.login).validate({ token: code, timestamp: now, window: 1 });
  if (delta === null) return null;
  const step = Math.floor(now / 1_000 / PERIOD_SECONDS) + delta;
  return step > user.totpLastStep ? step : null;
};

/**
 * Judges what was typed as the second factor of a user that the caller has locked: a code of the app, once each, or a
 * recovery code, once for good. Null: it is neither.
 */
export const acceptFactor = async (
  tx: Tx,
  user: UserRow,
  typed: string,
  world: Pick<World, "now" | "secretBox">,
): Promise<{ readonly user: UserRow; readonly method: "totp" | "recovery_code" } | null> => {
  const code = typed.replaceAll(/[\s-]/g, "").toLowerCase();
  const step = stepOf(user, code, world);
  if (step !== null) return { user: { ...user, totpLastStep: step }, method: "totp" };
  if (!/^[0-9a-f]{20}$/.test(code)) return null;
  const codeSha256 = hashOfCode(user.id, code);
  return (await useRecoveryCode(tx, { userId: user.id, codeSha256, now: world.now }))
    ? { user, method: "recovery_code" }
    : null;
};

const lockKnown = async (tx: Tx, userId: string): Promise<UserRow> => {
  const user = await lockUser(tx, userId);
  if (user === null) throw new AppError("NOT_FOUND", "there is no such user");
  return user;
};

/** Makes a new secret for the app; it counts only once a code of it was shown. @throws AppError CONFLICT */
export const beginFactor = async (tx: Tx, userId: string, { now, randomBytes, secretBox }: World): Promise<void> => {
  const user = await lockKnown(tx, userId);
  if (user.totpEnabledAt !== null) throw new AppError("CONFLICT", "there is a second factor already");
  const bytes = Uint8Array.from(randomBytes(SECRET_BYTES));
  const secret = new Secret({ buffer: bytes.buffer }).base32;
  await updateUser(tx, { ...user, totpCiphertext: secretBox.seal(secret, contextOf(userId)) }, now);
};

/**
 * Turns the second factor on after a first code of it. Returns the recovery codes, which are stored as hashes only.
 * @throws AppError INVALID_REQUEST for a wrong code, CONFLICT when none is being set up
 */
export const confirmFactor = async (tx: Tx, userId: string, typed: string, world: World): Promise<string[]> => {
  const { now, randomBytes } = world;
  const user = await lockKnown(tx, userId);
  if (user.totpEnabledAt !== null || user.totpCiphertext === null)
    throw new AppError("CONFLICT", "no second factor is being set up");
  const step = stepOf(user, typed.replaceAll(/\s/g, ""), world);
  if (step === null) throw new AppError("INVALID_REQUEST", "the code is wrong or was used");
  const codes = Array.from({ length: RECOVERY_CODES }, () => Buffer.from(randomBytes(10)).toString("hex"));
  await updateUser(tx, { ...user, totpEnabledAt: now, totpLastStep: step }, now);
  await replaceRecoveryCodes(
    tx,
    userId,
    codes.map((code) => hashOfCode(userId, code)),
  );
  const actor = `user:${userId}`;
  await insertAudit(tx, {
    at: now,
    actor,
    action: "second_factor.enabled",
    subject: userId,
    before: null,
    after: null,
  });
  return codes.map((code) => code.replace(/(.{5})(?=.)/g, "$1-"));
};

/** Turns the second factor off. */
export const removeFactor = async (tx: Tx, userId: string, now: EpochMs): Promise<void> => {
  const user = await lockKnown(tx, userId);
  await updateUser(tx, { ...user, totpCiphertext: null, totpEnabledAt: null }, now);
  await replaceRecoveryCodes(tx, userId, []);
  const actor = `user:${userId}`;
  await insertAudit(tx, {
    at: now,
    actor,
    action: "second_factor.removed",
    subject: userId,
    before: null,
    after: null,
  });
};
