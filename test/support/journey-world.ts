import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { JourneyProbeDefinition, JourneyStep } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import type { checkJourney } from "#probes/checks/journey.ts";
import { listenOn } from "./check-world.ts";

/** A step that wants 2xx. */
export const step = (id: string, changes: Partial<JourneyStep> = {}): JourneyStep => ({
  id,
  name: `The ${id}`,
  url: "http://127.0.0.1:1/",
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  maxRedirects: 0,
  timeoutMs: durationMs(3_000),
  assertions: [{ type: "status", op: "eq", value: "2xx" }],
  extract: [],
  always: false,
  ...changes,
});

/** A journey of these steps. */
export const probe = (
  steps: readonly JourneyStep[],
  changes: Partial<JourneyProbeDefinition> = {},
): JourneyProbeDefinition => ({
  id: "buy",
  type: "journey",
  intervalMs: durationMs(60_000),
  timeoutMs: durationMs(5_000),
  locations: ["here"],
  steps,
  assertions: [],
  ...changes,
});

type Seen = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

const closing: (() => Promise<void>)[] = [];
/** For `afterEach`. */
export const closeShops = async (): Promise<void> => {
  await Promise.all(closing.splice(0).map((close) => close()));
};

/** A shop that answers by the path of a request, until `closeShops`. */
export const startShop = async (routes: Record<string, (request: Seen, response: ServerResponse) => void>) => {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const each = { method, url, headers, body };
      seen.push(each);
      const route = Object.entries(routes).find(([path]) => url.startsWith(path))?.[1];
      if (route === undefined) response.writeHead(404).end();
      else route(each, response);
    });
  });
  const { port, close } = await listenOn(server);
  closing.push(close);
  return { origin: `http://127.0.0.1:${port}`, seen };
};
/** Answers with JSON. */
export const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  (_request: Seen, response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
export const ok = json({});
export const failing = json({}, 500);
/** Each step with its class. */
export const classes = (parts: Awaited<ReturnType<typeof checkJourney>>["parts"]) =>
  parts?.map(({ key, outcome }) => `${key} ${outcome.class}`);
