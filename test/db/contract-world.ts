import { randomBytes } from "node:crypto";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { readApiSettings } from "#lib/config/api-env.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { SCOPES } from "#lib/core/access/authorise.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleConfig, sampleEndpoint } from "#test/support/sample-config.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { startTestSite } from "#test/support/web-site.ts";

const ENDPOINT_SECRET = `whsec_${Buffer.from("planted-canary-of-an-endpoint").toString("base64")}`;
const CANARY = "planted-canary-in-an-address";
/** What no answer may hold: the secret and the address of an endpoint of the file. */
export const SECRETS: readonly string[] = [ENDPOINT_SECRET, CANARY];

/** The instant that the examples are told at. */
const STORY = epochMs(Date.UTC(2026, 10, 3, 14, 5));

export type Input = { readonly query: Readonly<Record<string, string>>; readonly body: unknown; readonly id: string };
export type Sent = {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly path: string;
  readonly location: string | null;
  /** What a validating proxy in between complained of. */
  readonly violations: string | null;
};
export type ContractWorld = Awaited<ReturnType<typeof contractWorld>>;

/** How long a stream is listened to: its head is what counts. */
const readText = async (answer: Response, streams: boolean): Promise<string> => {
  if (!streams || !answer.ok) return answer.text();
  await answer.body?.cancel();
  return "";
};

/** A configured service with a key that holds every scope, and one of each thing that can be made by its example. */
export const contractWorld = async ({ limited = false, clock = createFakeClock(STORY) as Clock } = {}) => {
  const db = await testDatabase();
  const secretBox = createSecretBox(randomBytes(32));
  const now = clock.now();
  const endpoint = sampleEndpoint({ url: `https://hooks.example/${CANARY}`, secret: ENDPOINT_SECRET });
  const token = await db.database.transaction(async (tx) => {
    await applyConfig(tx, { config: sampleConfig({ notifications: [endpoint] }), now, secretBox });
    const key = { name: "contract", scopes: [...SCOPES], expiresAt: null, actor: "cli" as const, now, randomBytes };
    await createKey(tx, { ...key, name: "another" });
    return (await createKey(tx, key)).token;
  });
  const site = await startTestSite({
    database: db.database,
    clock,
    secretBox,
    snapshot: calmDay(),
    ...(limited ? { apiSettings: readApiSettings({}) } : {}),
  });
  const ids = new Map<string, readonly string[]>();

  const send = async (operation: Operation, { query, body, id }: Input, base = site.url): Promise<Sent> => {
    const path = operation.path.replaceAll(/\{\w+\}/g, encodeURIComponent(id.toWellFormed()) || "%20");
    const search = new URLSearchParams(query).toString();
    const target = search === "" ? path : `${path}?${search}`;
    const answer = await fetch(`${base}${target}`, {
      method: operation.method,
      redirect: "manual",
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await readText(answer, operation.streams === true);
    const type = answer.headers.get("content-type") ?? "";
    return {
      status: answer.status,
      type,
      text,
      path: target,
      location: answer.headers.get("location"),
      violations: answer.headers.get("sl-violations"),
    };
  };

  /** Ids that lists show, so that what fits also finds something; those of keys stay out, or the test revokes itself. */
  const collect = async (): Promise<void> => {
    for (const operation of V1_OPERATIONS as readonly Operation[]) {
      if (operation.method !== "GET" || operation.path.includes("{") || operation.tag === "keys") continue;
      const { status, text, type } = await send(operation, { query: {}, body: undefined, id: "" });
      const { data } = (status === 200 && type.startsWith("application/json") ? JSON.parse(text) : {}) as {
        data?: { id?: string }[];
      };
      if (Array.isArray(data))
        ids.set(
          operation.path,
          data.flatMap(({ id }) => (typeof id === "string" ? [id] : [])),
        );
    }
  };
  await collect();
  return {
    url: site.url,
    token,
    send,
    /** Ids of the resource that a path is about, and one that nothing has. */
    idsFor: ({ path }: Operation): readonly string[] => [...(ids.get(path.split("/{", 1)[0] ?? "") ?? []), "nobody"],
    stop: async () => {
      await site.stop();
      await db.drop();
    },
  };
};
