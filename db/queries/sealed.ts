import type { Db } from "#db/database.ts";

// Everything that is sealed with the service's key: what a rotation of the key seals anew.

/** Where a sealed text stands. */
export type SealedPlace =
  | "endpoint_url"
  | "endpoint_pending_url"
  | "endpoint_secret"
  | "endpoint_headers"
  | "endpoint_old_secret"
  | "probe_secrets"
  | "slo_secrets"
  | "service_secrets"
  | "dead_man_url"
  | "mail_url"
  | "mail_secret"
  | "subscriber_key"
  | "subscriber_address"
  | "subscriber_secret"
  | "subscriber_contact";

export type SealedText = { readonly id: string; readonly place: SealedPlace; readonly ciphertext: string };

const texts = (db: Db) => db`
  select id, 'endpoint_url' as place, url_ciphertext as ciphertext from endpoints
  union all select id, 'endpoint_pending_url', pending_url_ciphertext from endpoints
  union all select id, 'endpoint_secret', secret_ciphertext from endpoints
  union all select id, 'endpoint_headers', headers_ciphertext from endpoints
  union all select id, 'endpoint_old_secret', jsonb_array_elements(old_secrets) ->> 'ciphertext' from endpoints
  union all select id, 'probe_secrets', secrets_ciphertext from probes
  union all select id, 'slo_secrets', secrets_ciphertext from slos
  union all select id, 'service_secrets', secrets_ciphertext from services
  union all select '', 'dead_man_url', url_ciphertext from dead_man
  union all select '', 'mail_url', url_ciphertext from mail_settings
  union all select '', 'mail_secret', secret_ciphertext from mail_settings
  union all select '', 'subscriber_key', key_ciphertext from subscriber_keys
  union all select id, 'subscriber_address', address_ciphertext from subscribers
  union all select id, 'subscriber_secret', secret_ciphertext from subscribers
  union all select id, 'subscriber_contact', contact_ciphertext from subscribers`;

/** Sealed texts of other keys than the one named by `keyId`, at most `limit`. Whole tables: there are thousands at most. */
export const readForeignTexts = async (
  db: Db,
  args: { readonly keyId: string; readonly limit: number },
): Promise<SealedText[]> => [
  ...(await db<SealedText[]>`
    select id, place, ciphertext from (${texts(db)}) as sealed
     where ciphertext <> '' and split_part(ciphertext, '.', 2) <> ${args.keyId} order by place, id limit ${args.limit}`),
];

/** Any sealed text, to find out whether a key fits. Null when there is none. */
export const readSomeSealed = async (db: Db): Promise<SealedText | null> => {
  const rows = await db<SealedText[]>`
    select id, place, ciphertext from (${texts(db)}) as sealed where ciphertext <> '' limit 1`;
  return rows[0] ?? null;
};

const TABLES = { probe_secrets: "probes", slo_secrets: "slos", service_secrets: "services" } as const;
const SUBSCRIBER_COLUMNS = {
  subscriber_address: "address_ciphertext",
  subscriber_secret: "secret_ciphertext",
  subscriber_contact: "contact_ciphertext",
} as const;
const COLUMNS = {
  endpoint_url: "url_ciphertext",
  endpoint_pending_url: "pending_url_ciphertext",
  endpoint_secret: "secret_ciphertext",
  endpoint_headers: "headers_ciphertext",
} as const;

/** Puts a newly sealed text in the place of the old one, unless something else stands there by now. */
export const replaceSealed = async (db: Db, { id, place, ciphertext }: SealedText, sealed: string): Promise<void> => {
  if (place === "probe_secrets" || place === "slo_secrets" || place === "service_secrets") {
    await db`
      update ${db(TABLES[place])} set secrets_ciphertext = ${sealed}
       where id = ${id} and secrets_ciphertext = ${ciphertext}`;
    return;
  }
  if (place === "dead_man_url") {
    await db`update dead_man set url_ciphertext = ${sealed} where url_ciphertext = ${ciphertext}`;
    return;
  }
  if (place === "mail_url" || place === "mail_secret") {
    const sealedColumn = db(place === "mail_url" ? "url_ciphertext" : "secret_ciphertext");
    await db`update mail_settings set ${sealedColumn} = ${sealed} where ${sealedColumn} = ${ciphertext}`;
    return;
  }
  if (place === "subscriber_key") {
    await db`update subscriber_keys set key_ciphertext = ${sealed} where key_ciphertext = ${ciphertext}`;
    return;
  }
  if (place === "subscriber_address" || place === "subscriber_secret" || place === "subscriber_contact") {
    const sealedColumn = db(SUBSCRIBER_COLUMNS[place]);
    await db`update subscribers set ${sealedColumn} = ${sealed} where id = ${id} and ${sealedColumn} = ${ciphertext}`;
    return;
  }
  if (place === "endpoint_old_secret") {
    await db`
      update endpoints set old_secrets = (
               select jsonb_agg(case when old ->> 'ciphertext' = ${ciphertext}
                                     then jsonb_set(old, '{ciphertext}', to_jsonb(${sealed}::text)) else old end)
                 from jsonb_array_elements(old_secrets) as old)
       where id = ${id} and jsonb_array_length(old_secrets) > 0`;
    return;
  }
  const column = db(COLUMNS[place]);
  await db`update endpoints set ${column} = ${sealed} where id = ${id} and ${column} = ${ciphertext}`;
};
