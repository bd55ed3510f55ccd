import type { Database } from "#db/database.ts";
import type { SealedText } from "#db/queries/sealed.ts";
import { readForeignTexts, readSomeSealed, replaceSealed } from "#db/queries/sealed.ts";
import { AppError } from "#lib/core/errors.ts";
import { DEAD_MAN_CONTEXT } from "./apply-dead-man.ts";
import { MAIL_SECRET_CONTEXT, MAIL_URL_CONTEXT } from "./apply-mail.ts";
import { probeSecretsContext } from "./sealed-probe.ts";
import { serviceSecretsContext, sloSecretsContext } from "./sealed-source.ts";
import type { SecretBox } from "./secret-box.ts";
import {
  createSecretBox,
  endpointHeadersContext,
  endpointSecretContext,
  endpointUrlContext,
  keyIdOf,
} from "./secret-box.ts";
import {
  SUBSCRIBER_KEY_CONTEXT,
  subscriberAddressContext,
  subscriberContactContext,
  subscriberSecretContext,
} from "./subscribers/keys.ts";

const BATCH = 500;

const contextOf = ({ id, place }: SealedText): string => {
  switch (place) {
    case "endpoint_url":
    case "endpoint_pending_url":
      return endpointUrlContext(id);
    case "endpoint_secret":
    case "endpoint_old_secret":
      return endpointSecretContext(id);
    case "endpoint_headers":
      return endpointHeadersContext(id);
    case "probe_secrets":
      return probeSecretsContext(id);
    case "slo_secrets":
      return sloSecretsContext(id);
    case "service_secrets":
      return serviceSecretsContext(id);
    case "dead_man_url":
      return DEAD_MAN_CONTEXT;
    case "mail_url":
      return MAIL_URL_CONTEXT;
    case "mail_secret":
      return MAIL_SECRET_CONTEXT;
    case "subscriber_key":
      return SUBSCRIBER_KEY_CONTEXT;
    case "subscriber_address":
      return subscriberAddressContext(id);
    case "subscriber_secret":
      return subscriberSecretContext(id);
    case "subscriber_contact":
      return subscriberContactContext(id);
  }
};

const openOrNull = (box: SecretBox, text: SealedText): string | null => {
  try {
    return box.open(text.ciphertext, contextOf(text));
  } catch {
    return null;
  }
};

/**
 * Makes sure that these are the keys of this database, before anything is sealed with them.
 * @throws AppError SECRET_KEY_INVALID
 */
export const assertKeysFit = async (database: Database, box: SecretBox): Promise<void> => {
  const some = await database.read(readSomeSealed);
  if (some === null || openOrNull(box, some) !== null) return;
  throw new AppError(
    "SECRET_KEY_INVALID",
    "the key found here is not the one that this database was sealed with; set NINES_SECRET_KEY or NINES_DATA_DIR as the service has them",
  );
};

/**
 * Seals everything anew with the first key that is not sealed with it yet, in small transactions and beside the running
 * service: each text changes at once, and both keys open meanwhile. `lost` are texts that none of the keys opens.
 */
export const resealAll = async (
  database: Database,
  keys: readonly Uint8Array[],
): Promise<{ readonly resealed: number; readonly lost: number }> => {
  const box = createSecretBox(() => keys);
  const [first] = keys;
  if (first === undefined) throw new AppError("SECRET_KEY_INVALID", "there is no key");
  let resealed = 0;
  for (;;) {
    const { done, lost, found } = await database.transaction(async (tx) => {
      const texts = await readForeignTexts(tx, { keyId: keyIdOf(first), limit: BATCH });
      const opened = texts.map((text) => ({ text, plain: openOrNull(box, text) }));
      for (const { text, plain } of opened)
        if (plain !== null) await replaceSealed(tx, text, box.seal(plain, contextOf(text)));
      const closed = opened.filter(({ plain }) => plain === null).length;
      return { found: texts.length, lost: closed, done: texts.length - closed };
    });
    resealed += done;
    if (found < BATCH || done === 0) return { resealed, lost };
  }
};
