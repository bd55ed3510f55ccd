// Asks for a page in a thread of its own, so that how long it was away does not count what else a scenario is doing.
import { once } from "node:events";
import { get } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { pause } from "./scenario.ts";

const ASK_EVERY_MS = 20;
/** A request that waits for longer than this is asked again: a connection may have been taken by who was killed. */
const PATIENCE_MS = 30_000;

/** The status of the page on a connection of its own; 0 when there is no answer. */
const ask = (url: string): Promise<number> =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", () => resolve(0));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(0));
  });

export type PageWatch = {
  /** Milliseconds from now until the page answers 200. */
  readonly untilAnswered: () => Promise<number>;
  readonly stop: () => Promise<unknown>;
};

/** Watches the page at `url`. */
export const watchPage = (url: string): PageWatch => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url } });
  return {
    untilAnswered: async () => {
      worker.postMessage(performance.timeOrigin + performance.now());
      const [ms] = (await once(worker, "message")) as [number];
      return ms;
    },
    stop: () => worker.terminate(),
  };
};

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { url } = workerData as { url: string };
  const watch = async (fromMs: number): Promise<void> => {
    while ((await ask(url)) !== 200) await pause(ASK_EVERY_MS);
    port.postMessage(performance.timeOrigin + performance.now() - fromMs);
  };
  port.on("message", (fromMs: number) => void watch(fromMs));
}
