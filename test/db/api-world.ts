import { randomBytes } from "node:crypto";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { NewApiKeyResource } from "#lib/contracts/api-keys.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";

export const API_SECRET_BOX = createSecretBox(new Uint8Array(32));

/** Twelve services with an objective each, in the order of their numbers. */
export const fillWithServices = (db: TestDatabase): Promise<unknown> => {
  const services = Array.from({ length: 12 }, (_, index) => {
    const id = `svc-${String(index).padStart(2, "0")}`;
    const probe = sampleProbe({ id: `${id}-home` });
    const slo = sampleSlo({ id: `${id}-availability`, probes: [probe.id] });
    return sampleService({
      id,
      name: `${index % 3 === 0 ? "Alpha" : "Beta"} ${12 - index}`,
      probes: [probe],
      slos: [slo],
    });
  });
  return db.database.transaction((tx) =>
    applyConfig(tx, { config: sampleConfig({ services }), now: systemClock.now(), secretBox: API_SECRET_BOX }),
  );
};

export const makeApiKey = (db: TestDatabase, scopes: readonly Scope[]): Promise<NewApiKeyResource> =>
  db.database.transaction((tx) =>
    createKey(tx, { name: "test", scopes, expiresAt: null, actor: "cli", now: systemClock.now(), randomBytes }),
  );

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

/** One request to a site. The body of the answer is JSON, or null when there is none. */
export const ask = async (
  url: string,
  {
    method = "GET",
    token,
    body,
    headers = {},
  }: {
    method?: string;
    token?: string;
    body?: unknown;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> => {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? null : (JSON.parse(text) as unknown) };
};
