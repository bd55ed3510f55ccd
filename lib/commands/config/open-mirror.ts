import type { ConfigRows, EndpointPlain, ProbePlain, readMirror, Stored } from "#db/queries/mirror.ts";
import { hashOfToken, probeSecretsContext } from "#lib/commands/sealed-probe.ts";
import { openForComparison } from "#lib/commands/sealed-secrets.ts";
import { openServices, openSlos } from "#lib/commands/sealed-source.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointHeadersContext, endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";

export type Mirror = Awaited<ReturnType<typeof readMirror>>;

/** The secret in clear; null when it cannot be opened: the file holds it, so it is sealed anew with the present key. */
export const openOrNull = (box: SecretBox, cipher: string, context: string): string | null => {
  try {
    return box.open(cipher, context);
  } catch {
    return null;
  }
};

const openHeaders = (box: SecretBox, cipher: string, id: string): Record<string, string> =>
  JSON.parse(openOrNull(box, cipher, endpointHeadersContext(id)) ?? "{}") as Record<string, string>;

/** Stored endpoints with what is sealed in them opened, for comparing; empty where it cannot be opened. */
export const openEndpoints = (stored: Mirror["endpoints"], box: SecretBox): Map<string, Stored<EndpointPlain>> =>
  new Map(
    [...stored].map(([id, { row, ...rest }]) => {
      const { url_ciphertext, secret_ciphertext, headers_ciphertext, ...common } = row;
      const url = openOrNull(box, url_ciphertext, endpointUrlContext(id)) ?? "";
      const secret = openOrNull(box, secret_ciphertext, endpointSecretContext(id)) ?? "";
      const headers = headers_ciphertext === null ? null : openHeaders(box, headers_ciphertext, id);
      return [id, { row: { ...common, url, secret, headers }, ...rest }];
    }),
  );

/** A probe for comparison: with its secrets, and whether its row is as this release writes it. */
export type ProbeCompared = ProbePlain & { readonly is_sealed: boolean };

const openProbes = (stored: Mirror["probes"], wanted: ConfigRows["probes"], box: SecretBox) => {
  const inFile = new Map(wanted.map((row) => [row.id, row.definition]));
  return new Map(
    [...stored].map(([id, { row, ...rest }]): [string, Stored<ProbeCompared>] => {
      const { secrets_ciphertext: secretsCiphertext, token_sha256, ...common } = row;
      const sealed = { definition: row.definition, secretsCiphertext, context: probeSecretsContext(id) };
      const { definition, isSealed } = openForComparison(box, sealed, inFile.get(id));
      const token = definition.type === "heartbeat" ? hashOfToken(definition.token) : null;
      return [id, { row: { ...common, definition, is_sealed: isSealed && token === token_sha256 }, ...rest }];
    }),
  );
};

export type Opened = Mirror & {
  readonly openedProbes: ReturnType<typeof openProbes>;
  readonly openedServices: ReturnType<typeof openServices>;
  readonly openedSlos: ReturnType<typeof openSlos>;
};

/** The rows as they stand with their secrets. Where those cannot be opened, `wanted` says what they probably are. */
export const openMirror = (
  stored: Mirror,
  wanted: Pick<ConfigRows, "services" | "probes" | "slos">,
  box: SecretBox,
): Opened => ({
  ...stored,
  openedProbes: openProbes(stored.probes, wanted.probes, box),
  openedServices: openServices(stored.services, wanted.services, box),
  openedSlos: openSlos(stored.slos, wanted.slos, box),
});
