import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { DemoBehaviour } from "#lib/cli/demo/schedule.ts";
import { catalogueAt, paymentsAt, searchAt } from "#lib/cli/demo/schedule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";

export type DemoPorts = {
  readonly catalogue: number;
  readonly search: number;
  readonly payments: number;
  readonly receiver: number;
};
export type DemoTargets = { readonly ports: DemoPorts; readonly stop: () => Promise<void> };

const listen = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ server: Server; port: number }> => {
  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const target = (behave: (now: EpochMs) => DemoBehaviour, clock: Clock, stopped: AbortSignal) =>
  listen((_request, response) => {
    const behaviour = behave(clock.now());
    if (behaviour.kind === "fail")
      return answer(response, 503, { status: "failing", reason: "by the demonstration's timetable" });
    void clock.sleep(behaviour.delayMs, stopped).then(
      () => answer(response, 200, { status: "ok" }),
      () => response.destroy(),
    );
  });

/**
 * The demonstration's services and webhook receiver, on free ports of 127.0.0.1.
 * The receiver answers 200 and tells `onWebhook` the event type, which the terminal shows.
 */
export const startDemoTargets = async (args: {
  clock: Clock;
  onWebhook: (type: string) => void;
}): Promise<DemoTargets> => {
  const { clock, onWebhook } = args;
  const stopping = new AbortController();
  const catalogue = await target(catalogueAt, clock, stopping.signal);
  const search = await target(searchAt, clock, stopping.signal);
  const payments = await target(paymentsAt, clock, stopping.signal);
  const receiver = await listen((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body = (body + chunk).slice(0, 65_536);
    });
    request.on("end", () => {
      answer(response, 200, { received: true });
      const type = /"type"\s*:\s*"([a-z_.]{1,64})"/.exec(body)?.[1];
      if (type !== undefined) onWebhook(type);
    });
  });
  const all = [catalogue, search, payments, receiver];
  return {
    ports: { catalogue: catalogue.port, search: search.port, payments: payments.port, receiver: receiver.port },
    stop: async () => {
      stopping.abort();
      await Promise.all(
        all.map(
          ({ server }) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              server.closeAllConnections();
            }),
        ),
      );
    },
  };
};
