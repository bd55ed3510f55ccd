import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointHeadersContext, endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { OpenedEndpoint } from "./send.ts";

/** Opens what an attempt needs. Replaced secrets sign until their time is over, so that a receiver can change over. */
export const openEndpoint = (secretBox: SecretBox, delivery: ClaimedDelivery, now: EpochMs): OpenedEndpoint => {
  const { endpointId, urlCiphertext, secretCiphertext, headersCiphertext, oldSecrets } = delivery;
  const openSecret = (ciphertext: string): string => secretBox.open(ciphertext, endpointSecretContext(endpointId));
  const live = oldSecrets.filter(({ expiresAt }) => Date.parse(expiresAt) > now);
  const headers =
    headersCiphertext === null ? "{}" : secretBox.open(headersCiphertext, endpointHeadersContext(endpointId));
  return {
    url: secretBox.open(urlCiphertext, endpointUrlContext(endpointId)),
    secrets: [openSecret(secretCiphertext), ...live.map(({ ciphertext }) => openSecret(ciphertext))],
    headers: JSON.parse(headers) as Record<string, string>,
  };
};
