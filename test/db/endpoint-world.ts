import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import type { NewEndpointResource } from "#lib/contracts/endpoints.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import { deliverWorld, endpoint } from "./deliver-world.ts";

const SCOPES: readonly Scope[] = ["endpoints:write", "deliveries:write", "events:read"];

type Answer<T> = { readonly status: number; readonly body: T; readonly headers: Headers };

/** A dispatcher's world with the API in front of it, an endpoint `of-the-file` at `other`, and a second receiver. */
export const endpointWorld = async () => {
  const receiver = await startReceiver(answer(200));
  const other = await startReceiver(answer(200));
  const ofTheFile = { ...endpoint("of-the-file", other.url), events: ["prober.blind"] };
  const world = await deliverWorld([ofTheFile]);
  const now = world.clock.now();
  const { token } = await world.database.transaction(async (tx) => {
    const config = sampleConfig({ egress: { allow: ["127.0.0.1"] }, notifications: [ofTheFile] });
    await applyConfig(tx, { config, now, secretBox: world.secretBox });
    return createKey(tx, { name: "t", scopes: [...SCOPES], expiresAt: null, actor: "cli", now, randomBytes });
  });
  const site = await startTestSite({ database: world.database, clock: world.clock, secretBox: world.secretBox });

  const call = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<T>> => {
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const response = await fetch(`${site.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as T, headers: response.headers };
  };
  return {
    world,
    receiver,
    other,
    call,
    makeEndpoint: async (wishes: Record<string, unknown> = {}): Promise<NewEndpointResource> => {
      const { status, body } = await call<NewEndpointResource>("POST", "/v1/endpoints", {
        url: receiver.url,
        ...wishes,
      });
      expect(status, JSON.stringify(body)).toBe(201);
      return body;
    },
    passUntilDelivered: async (ms: number): Promise<void> => {
      world.clock.jump(ms);
      await world.deliverAll();
    },
    stop: async (): Promise<void> => {
      await world.dispatcher.settled();
      await site.stop();
      await world.drop();
      await Promise.all([receiver.close(), other.close()]);
    },
  };
};
export type EndpointSite = Awaited<ReturnType<typeof endpointWorld>>;
