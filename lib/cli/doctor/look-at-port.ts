import { once } from "node:events";
import { createServer } from "node:http";
import { localAddress } from "#lib/cli/start/announce.ts";
import { AppError } from "#lib/core/errors.ts";
import { createFetchThrough } from "#lib/egress/fetch-through.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { listen } from "#lib/web/listen.ts";
import type { Finding } from "./finding.ts";
import { ok, problem } from "./finding.ts";

const ANSWER_WITHIN_MS = 2_000;

/** Whether a Nines answers at an address of this machine. */
const isNines = async (address: string): Promise<boolean> => {
  const { hostname } = new URL(address);
  const allow = ["127.0.0.0/8", "::1", "localhost", hostname.replace(/^\[|\]$/g, "")];
  const ask = createFetchThrough({ clock: systemClock, allow: () => allow });
  try {
    const { headers } = await ask(`${address}/v1/meta`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    // Every answer of the API has both, also while the database is away and where a key is asked for.
    return headers.has("api-version") && headers.has("x-request-id");
  } catch {
    return false;
  }
};

const CURES: Readonly<Record<string, string>> = {
  PORT_TAKEN: "Stop the program that holds it, or set PORT to another one.",
  PERMISSION_DENIED: "Set PORT to one above 1023 and let the gateway in front take 443 (docs/deploying.md).",
  USAGE: "Set HOST to 127.0.0.1 for this machine only, or to 0.0.0.0 for all its addresses.",
};

/** Whether the port can be opened here by this user, or is held by Nines itself already. Opens it for an instant. */
export const lookAtPort = async ({ host, port }: { host: string; port: number }): Promise<Finding> => {
  const server = createServer();
  try {
    await listen(server, host, port);
    server.close();
    await once(server, "close");
    return ok("port", port === 0 ? "any free port is taken" : `port ${port} on ${host} is free`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const local = localAddress(host, port);
    if (error.code === "PORT_TAKEN" && (await isNines(local))) return ok("port", `Nines answers on port ${port}`);
    return problem("port", error.detail, CURES[error.code] ?? "Set HOST and PORT to what this machine has.");
  }
};
