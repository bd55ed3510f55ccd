import { EVENT_DESCRIPTIONS, EVENT_TYPES } from "./events.ts";
import type { DocumentArgs, OpenApiDocument } from "./openapi.ts";
import { openApiDocument } from "./openapi.ts";
import { exampleMakerFor } from "./openapi-examples.ts";
import { exampleEvent, pascalOf } from "./openapi-webhooks.ts";

type Json = Readonly<Record<string, unknown>>;

const HEADERS = {
  type: "object",
  required: ["webhook-id", "webhook-timestamp", "webhook-signature", "x-nines-signature"],
  properties: {
    "webhook-id": { type: "string", description: "The same on every retry" },
    "webhook-timestamp": { type: "string", description: "Seconds since 1970, of this attempt" },
    "webhook-signature": { type: "string", description: "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`" },
    "x-nines-signature": { type: "string", description: "`t=<seconds>,v1=<hex>`, HMAC-SHA256 of `t.body`" },
  },
} as const;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The words of OpenAPI that AsyncAPI writes otherwise: an example is a list, and a discriminator a plain name. */
const schemaFor = (value: unknown, isNamed = false): unknown => {
  if (Array.isArray(value)) return value.map((one) => schemaFor(one));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      if (isNamed) return [[key, schemaFor(inner)]];
      if (key === "discriminator") return [];
      if (key === "example") return [["examples", [inner]]];
      return [[key, schemaFor(inner, key === "properties")]];
    }),
  );
};

/** Components that these refer to, over any number of steps. */
const reachable = (schemas: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> => {
  const found: Record<string, unknown> = {};
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (Object.hasOwn(found, name)) continue;
    found[name] = schemaFor(schemas[name]);
    const refs = JSON.stringify(schemas[name] ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    waiting.push(...[...refs].map(([, other]) => other as string));
  }
  return found;
};

const messagesOf = ({ components }: OpenApiDocument): Record<string, unknown> => {
  const make = exampleMakerFor(components.schemas);
  return Object.fromEntries(
    EVENT_TYPES.map((type) => {
      const name = pascalOf(type);
      const { data } = make(components.schemas[`${name}Event`]) as { data: unknown };
      const message = {
        name: type,
        title: type,
        summary: EVENT_DESCRIPTIONS[type],
        contentType: "application/cloudevents+json",
        headers: { $ref: "#/components/schemas/WebhookHeaders" },
        payload: { $ref: `#/components/schemas/${name}Event` },
        examples: [{ name: "example", payload: exampleEvent(type, data) }],
      };
      return [name, message];
    }),
  );
};

const CHANNEL_MESSAGES = Object.fromEntries(
  EVENT_TYPES.map((type) => [pascalOf(type), { $ref: `#/components/messages/${pascalOf(type)}` }]),
);

const CHANNELS = {
  webhooks: {
    address: null,
    title: "Webhooks",
    description:
      "Each endpoint gets the types that it asked for, by POST to its own address: at least once, under a constant id, signed. Answer 2xx within five seconds.",
    messages: CHANNEL_MESSAGES,
  },
  live: {
    address: "/v1/live",
    title: "Live events",
    description: "Server-Sent Events: each message is one event, its type in `event:` and its envelope in `data:`.",
    servers: [{ $ref: "#/servers/production" }],
    messages: CHANNEL_MESSAGES,
  },
} as const;

const operations = (): Record<string, unknown> =>
  Object.fromEntries(
    EVENT_TYPES.flatMap((type) => {
      const name = pascalOf(type);
      return (["webhooks", "live"] as const).map((channel): [string, unknown] => [
        channel === "webhooks" ? `send${name}` : `stream${name}`,
        {
          action: "send",
          channel: { $ref: `#/channels/${channel}` },
          summary: EVENT_DESCRIPTIONS[type],
          description: channel === "webhooks" ? "As a webhook." : "To whoever listens.",
          messages: [{ $ref: `#/channels/${channel}/messages/${name}` }],
        },
      ]);
    }),
  );

const serverOf = (url: string, description: string): Json => {
  const { host, protocol, pathname } = new URL(url);
  const path = pathname.replace(/\/$/, "");
  return { host, protocol: protocol.slice(0, -1), description, ...(path === "" ? {} : { pathname: path }) };
};

/** The AsyncAPI 3.0 document of every event that leaves this server. */
export const asyncApiDocument = (args: DocumentArgs): Json => {
  const openApi = openApiDocument(args);
  const { title, version, contact, license } = openApi.info;
  const names = EVENT_TYPES.map((type) => `${pascalOf(type)}Event`);
  const [production, sandbox] = openApi.servers;
  return {
    asyncapi: "3.0.0",
    id: "urn:nines:events",
    info: {
      title: `${title} events`,
      version,
      description:
        "What happened, as CloudEvents: by webhook, or live. `data` is the resource that the API answers with.",
      contact,
      license: { name: license.name, url: "https://www.apache.org/licenses/LICENSE-2.0" },
      tags: [{ name: "events", description: "Every type of the catalogue" }],
    },
    defaultContentType: "application/cloudevents+json",
    servers: {
      production: serverOf(production?.url ?? args.serverUrl, "This installation"),
      sandbox: serverOf(sandbox?.url ?? args.serverUrl, "The demonstration that `npm start` runs"),
    },
    channels: CHANNELS,
    operations: operations(),
    components: {
      messages: messagesOf(openApi),
      schemas: { WebhookHeaders: HEADERS, ...reachable(openApi.components.schemas, names) },
    },
  };
};
