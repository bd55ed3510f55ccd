import { describe, expect, test } from "vitest";
import { asyncApiDocument } from "./asyncapi.ts";
import { CloudEvent, EVENT_DATA, EVENT_TYPES } from "./events.ts";

const text = JSON.stringify(asyncApiDocument({ version: "1.2.3", serverUrl: "https://status.example.com/nines/" }));
const document = JSON.parse(text) as Record<string, unknown> & {
  channels: Record<string, { messages: object }>;
  operations: Record<string, { action: string }>;
  components: {
    messages: Record<string, { name: string; examples: { payload: { data: unknown } }[] }>;
    schemas: object;
  };
};

describe("the AsyncAPI document", () => {
  test("is of version 3.0 and names where events come from", () => {
    expect(document).toMatchObject({
      asyncapi: "3.0.0",
      servers: { production: { host: "status.example.com", protocol: "https", pathname: "/nines" } },
    });
  });

  test("has a message for every event, and an operation that sends it as a webhook and one live", () => {
    const messages = Object.values(document.components.messages);
    expect(messages.map(({ name }) => name)).toEqual([...EVENT_TYPES]);
    for (const channel of ["webhooks", "live"])
      expect(Object.keys(document.channels[channel]?.messages ?? {})).toHaveLength(EVENT_TYPES.length);
    const operations = Object.values(document.operations);
    expect(operations).toHaveLength(2 * EVENT_TYPES.length);
    expect(operations.every(({ action }) => action === "send")).toBe(true);
  });

  test("every example is an event of its type", () => {
    for (const { name, examples } of Object.values(document.components.messages)) {
      const event = CloudEvent.parse(examples[0]?.payload);
      expect(event.type).toBe(name);
      EVENT_DATA[event.type].parse(event.data);
    }
  });

  test("every reference leads somewhere", () => {
    for (const [, path] of text.matchAll(/"\$ref":"#\/([^"]+)"/g))
      expect(document, path).toHaveProperty((path as string).split("/"));
  });
});
