// F39: signing secret, API key and encryption key are replaced under load. Nothing is refused in the grace; afterwards the old ones are.
import { randomBytes } from "node:crypto";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { rotateKey } from "#lib/commands/api-keys/end-key.ts";
import { createEndpoint } from "#lib/commands/endpoints/change-endpoint.ts";
import { rotateEndpointSecret } from "#lib/commands/endpoints/run-endpoint.ts";
import { resealAll } from "#lib/commands/rotate-secret-key.ts";
import { createSecretBox, endpointSecretContext } from "#lib/commands/secret-box.ts";
import { writeKeyFile } from "#lib/commands/secret-key.ts";
import { verifyWebhook } from "#lib/contracts/verify-webhook.ts";
import { epochMs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import type { DeliveryWorld } from "./rig/delivery.ts";
import { openDeliveryWorld, SECRET_KEY } from "./rig/delivery.ts";
import type { Received, Receiver } from "./rig/receiver.ts";
import { startReceiver } from "./rig/receiver.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, withCleanup } from "./rig/scenario.ts";

const GRACE_MS = 15_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const EVENTS = 100;
const ENDPOINT = "rotated";

const isSignedWith = (secret: string, { headers, body, atMs }: Received): boolean =>
  verifyWebhook({ headers, body: Buffer.from(body), secrets: [secret], nowMs: atMs });

/** Sends events and returns what came of them. */
const send = async (world: DeliveryWorld, receiver: Receiver, prefix: string): Promise<Received[]> => {
  await world.queue({ prefix, count: EVENTS, endpointId: ENDPOINT });
  await world.untilDone(30_000);
  return receiver.received().filter(({ headers }) => headers["webhook-id"]?.startsWith(`evt_${prefix}`));
};

const endpointWorld = ({ secretBox }: DeliveryWorld) => ({
  now: epochMs(Date.now()),
  actor: "faults",
  randomBytes: (size: number) => randomBytes(size),
  secretBox,
  judgeUrl,
});

const rotateWebhook = async (world: DeliveryWorld, receiver: Receiver) => {
  const first = await world.database.transaction((tx) =>
    createEndpoint(
      { tx, ...endpointWorld(world) },
      {
        id: ENDPOINT,
        url: receiver.url,
        description: null,
        events: ["incident.opened"],
        filters: { serviceIds: [], severities: [] },
        headers: {},
        timeout: "5s",
        isOrdered: false,
        maxInFlight: 8,
        maxPerSecond: null,
      },
    ),
  );
  const startedAt = Date.now();
  const rotated = world
    .queue({ prefix: "during", count: EVENTS, endpointId: ENDPOINT })
    .then(() =>
      world.database.transaction((tx) =>
        rotateEndpointSecret({ tx, ...endpointWorld(world) }, ENDPOINT, GRACE_MS / HOUR_MS),
      ),
    );
  const second = await rotated;
  const within = await send(world, receiver, "within");
  const during = receiver.received().filter(({ headers }) => headers["webhook-id"]?.startsWith("evt_during"));
  await pause(Math.max(0, startedAt + GRACE_MS + 1_000 - Date.now()));
  const after = await send(world, receiver, "after");
  const refused = (requests: readonly Received[], secret: string): number =>
    requests.filter((request) => !isSignedWith(secret, request)).length;
  return {
    // A receiver that still has the old secret, and one that has the new one already.
    refusedInGrace: refused([...during, ...within], first.secret) + refused(within, second.secret),
    sentInGrace: during.length + within.length,
    oldRefusedAfter: refused(after, first.secret),
    newRefusedAfter: refused(after, second.secret),
    sentAfter: after.length,
  };
};

const statusOf = async (url: string, token: string): Promise<number> => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
};

const rotateApiKey = async ({ database }: DeliveryWorld, port: number | null) => {
  const url = `http://127.0.0.1:${port}/v1/endpoints`;
  const author = () => ({
    actor: "faults",
    now: epochMs(Date.now()),
    randomBytes: (size: number) => randomBytes(size),
  });
  const first = await database.transaction((tx) =>
    createKey(tx, { ...author(), name: "load", scopes: ["endpoints:read"], expiresAt: null }),
  );
  let token = first.token;
  let [asked, refused, isOver] = [0, 0, false];
  const load = async (choose: () => string): Promise<void> => {
    while (!isOver) {
      asked += 1;
      if ((await statusOf(url, choose())) !== 200) refused += 1;
    }
  };
  const loads = [load(() => first.token), load(() => token)];
  await pause(500);
  const endsAt = Date.now() + GRACE_MS;
  const rotation = { id: first.id, graceDays: GRACE_MS / DAY_MS, expiresAt: null, held: null };
  const second = await database.transaction((tx) => rotateKey(tx, { ...author(), ...rotation }));
  token = second.token;
  await pause(Math.max(0, endsAt - 1_000 - Date.now()));
  isOver = true;
  await Promise.all(loads);
  await pause(Math.max(0, endsAt + 500 - Date.now()));
  return { asked, refused, oldAfter: await statusOf(url, first.token), newAfter: await statusOf(url, second.token) };
};

/** The key in the file is replaced, everything is sealed anew, and the old one is forgotten, while events are sent. */
const rotateEncryption = async (world: DeliveryWorld, receiver: Receiver, file: string) => {
  const next = randomBytes(32);
  const sending = send(world, receiver, "sealed");
  await writeKeyFile(file, [next, SECRET_KEY]);
  const { resealed, lost } = await resealAll(world.database, [next, SECRET_KEY]);
  const came = await sending;
  await writeKeyFile(file, [next]);
  const afterwards = await send(world, receiver, "forgotten");
  const [row] = await world.sql<{ text: string }[]>`
    select secret_ciphertext as text from endpoints where id = ${ENDPOINT}`;
  const opens = (key: Uint8Array): boolean => {
    try {
      createSecretBox(key).open(row?.text ?? "", endpointSecretContext(ENDPOINT));
      return true;
    } catch {
      return false;
    }
  };
  return { resealed, lost, sent: came.length + afterwards.length, oldOpens: opens(SECRET_KEY), newOpens: opens(next) };
};

/** Runs the scenario, about a minute. */
export const runF39 = (): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const world = await openDeliveryWorld(later, "f39");
    const receiver = await startReceiver(`${world.folder}/received.jsonl`);
    later(receiver.stop);
    const keyFile = `${world.folder}/secret.key`;
    await writeKeyFile(keyFile, [SECRET_KEY]);
    await world.apply([]);
    // As in a service: what the process was given once is the first key of the file.
    const deliver = await world.start("deliver", { secretKeyFile: keyFile });
    later(deliver.stop);
    const web = await world.start("web");
    later(web.stop);
    const webhook = await rotateWebhook(world, receiver);
    const key = await rotateApiKey(world, web.port);
    const sealed = await rotateEncryption(world, receiver, keyFile);
    const [tries] = await world.sql<{ failed: number }[]>`
      select count(*)::int as failed from attempts where outcome is distinct from 'accepted'`;
    return {
      figures: {
        webhookInGrace: webhook.sentInGrace,
        webhookRefusedInGrace: webhook.refusedInGrace,
        webhookOldRefusedAfter: webhook.oldRefusedAfter,
        apiKeyAsked: key.asked,
        apiKeyRefusedInGrace: key.refused,
        resealed: sealed.resealed,
        sentWhileResealing: sealed.sent,
        failedAttempts: tries?.failed ?? -1,
      },
      faults: [
        ...(webhook.refusedInGrace === 0 && webhook.sentInGrace >= 2 * EVENTS
          ? []
          : [`${webhook.refusedInGrace} of ${webhook.sentInGrace} were refused in the grace`]),
        ...(webhook.oldRefusedAfter === webhook.sentAfter && webhook.newRefusedAfter === 0
          ? []
          : [`after the grace: ${JSON.stringify(webhook)}`]),
        ...(key.refused === 0 ? [] : [`${key.refused} of ${key.asked} requests were refused in the grace`]),
        ...(key.oldAfter === 401 && key.newAfter === 200
          ? []
          : [`after the grace the old key gets ${key.oldAfter}, the new one ${key.newAfter}`]),
        ...(sealed.lost === 0 && sealed.resealed > 0 && sealed.newOpens && !sealed.oldOpens
          ? []
          : [`sealing anew: ${JSON.stringify(sealed)}`]),
        ...(sealed.sent === 2 * EVENTS ? [] : [`${sealed.sent} of ${2 * EVENTS} came while the key was replaced`]),
        ...(tries?.failed === 0 ? [] : [`${tries?.failed} attempts failed`]),
      ],
    };
  });
