import type { Db } from "#db/database.ts";
import type { EndpointType } from "#lib/core/channels/channel.ts";

// Endpoints in force, whoever made them, as roles read them.

export type EndpointRow = {
  readonly id: string;
  readonly type: EndpointType;
  /** Open with the secret box under `endpointUrlContext(id)` and `endpointSecretContext(id)`. */
  readonly urlCiphertext: string;
  readonly secretCiphertext: string;
  readonly events: readonly string[];
  readonly timeoutMs: number;
  readonly state: "active" | "disabled";
  readonly disabledReason: string | null;
};

/** Endpoints that are not retired, by id. */
export const readEndpoints = (db: Db): Promise<EndpointRow[]> =>
  db<EndpointRow[]>`
    select id, type, url_ciphertext as "urlCiphertext", secret_ciphertext as "secretCiphertext", events,
           timeout_ms as "timeoutMs", state, disabled_reason as "disabledReason"
      from endpoints where retired_at is null order by id`.then((rows) => [...rows]);
