// Subscribers of the kind webhook, and who they are in front of: what scenarios of subscribers share.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type postgres from "postgres";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { subscriberAddressContext, subscriberSecretContext } from "#lib/commands/subscribers/keys.ts";
import { SIGNING_SECRET } from "./delivery.ts";

export type ToldSubscriber = { readonly subscriber: string; readonly id: string };

/** Notes who was told under which id; `onCount` hears how many were told. */
export const startSubscriberReceiver = async (onCount: (count: number) => void = () => undefined) => {
  const told: ToldSubscriber[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      told.push({ subscriber: request.url ?? "", id: String(request.headers["webhook-id"]) });
      onCount(told.length);
      response.writeHead(200).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    told: (): readonly ToldSubscriber[] => told,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const idOf = (number: number): string => `sub_${number.toString(16).padStart(32, "0")}`;

/** Active subscribers who were confirmed an hour ago; each has a path of its own at `url`. */
export const addWebhookSubscribers = async (
  sql: postgres.Sql,
  secretBox: SecretBox,
  { count, url }: { count: number; url: string },
): Promise<void> => {
  const rows = Array.from({ length: count }, (_, index) => {
    const id = idOf(index);
    const secret = secretBox.seal(SIGNING_SECRET, subscriberSecretContext(id));
    return { id, secret, address: secretBox.seal(`${url}/${id}`, subscriberAddressContext(id)) };
  });
  await sql`
    insert into subscribers (id, channel, state, address_ciphertext, secret_ciphertext, address_hash, kinds, cadence,
                             language, base_url, confirmed_at, created_by)
    select id, 'webhook', 'active', address, secret, 'hash ' || id, '{incidents,maintenance}', 'each', 'en', 'http://x',
           now() - interval '1 hour', 'test'
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as s (id text, address text, secret text)`;
};
