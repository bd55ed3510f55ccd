import type { EndpointRow } from "#db/queries/endpoints.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointHeadersContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { endpointResource, maskedAddress } from "#lib/contracts/endpoints.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** Null when it was sealed with a key that is not here: the rest of the endpoint can still be shown. */
const openOrNull = (box: Pick<SecretBox, "open">, ciphertext: string | null, context: string): string | null => {
  try {
    return ciphertext === null ? null : box.open(ciphertext, context);
  } catch {
    return null;
  }
};

/** What may be shown of a stored endpoint: of its address the host, of its headers the names, of its secrets the number. */
export const shownEndpoint = (box: Pick<SecretBox, "open">, row: EndpointRow, now: EpochMs): EndpointResource => {
  const addressOf = (ciphertext: string | null): string | null => {
    const url = openOrNull(box, ciphertext, endpointUrlContext(row.id));
    return url === null ? null : maskedAddress(url);
  };
  const headers = openOrNull(box, row.headersCiphertext, endpointHeadersContext(row.id)) ?? "{}";
  return endpointResource(
    {
      ...row,
      address: addressOf(row.urlCiphertext),
      pendingAddress: addressOf(row.pendingUrlCiphertext),
      headerNames: Object.keys(JSON.parse(headers) as Record<string, string>).sort(),
    },
    now,
  );
};
