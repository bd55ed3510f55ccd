import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A span of wall-clock time in which the target answers 503 instead of 200. Half-open. */
export type DownSpan = { readonly fromMs: number; untilMs: number };

/** An HTTP server whose timetable is known: the oracle for what probes should have seen. */
export type ScriptedTarget = {
  readonly url: string;
  readonly port: number;
  readonly arrivals: readonly number[];
  readonly goDown: () => void;
  readonly goUp: () => void;
  readonly downSpans: readonly DownSpan[];
  readonly stop: () => Promise<void>;
};

export const startScriptedTarget = async (host = "127.0.0.1"): Promise<ScriptedTarget> => {
  const downSpans: DownSpan[] = [];
  const arrivals: number[] = [];
  const isDown = (): boolean => downSpans.at(-1)?.untilMs === Number.POSITIVE_INFINITY;
  const server: Server = createServer((_request, response) => {
    arrivals.push(Date.now());
    response.writeHead(isDown() ? 503 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: isDown() ? "down" : "ok" }));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/health`,
    port,
    arrivals,
    downSpans,
    goDown: () => {
      if (!isDown()) downSpans.push({ fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY });
    },
    goUp: () => {
      const open = downSpans.at(-1);
      if (open !== undefined && isDown()) open.untilMs = Date.now();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
