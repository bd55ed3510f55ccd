import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { Http2SecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { createKeptConnections } from "#lib/egress/kept-connections.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { CheckDeps } from "#probes/checks/check.ts";
import { pemOf } from "./raw-server.ts";

/** Connections that checks of these tests keep; closed by `closeServers`. */
export const kept = createKeptConnections(systemClock);
/** What a check is given, with the tests' authority trusted. */
export const deps = (over: Partial<CheckDeps> = {}): CheckDeps => ({
  clock: systemClock,
  randomBytes,
  userAgent: "Nines/test",
  signal: new AbortController().signal,
  allow: ["127.0.0.1/32"],
  caPem: pemOf("ca"),
  connections: kept,
  ...over,
});

/** An HTTP probe of an address. */
export const probe = (url: string, changes: Partial<HttpProbeDefinition> = {}): HttpProbeDefinition => ({
  type: "http",
  id: "home",
  url,
  method: "GET",
  headers: {},
  body: null,
  auth: null,
  clientCertificate: null,
  http2: false,
  connection: "fresh",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(3_000),
  maxRedirects: 10,
  locations: ["fra"],
  assertions: [DEFAULT_STATUS_ASSERTION],
  ...changes,
});

const servers: (Server | Http2SecureServer)[] = [];
/** Listens on a free port; `closeServers` ends it. */
export const started = async (server: Server | Http2SecureServer, scheme: "http" | "https"): Promise<string> => {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};
/** For `afterEach`. */
export const closeServers = async (): Promise<void> => {
  kept.close();
  await Promise.all(
    servers.splice(0).map(async (server) => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
      await once(server, "close");
    }),
  );
};

/** Certificate and key that the tests' authority signed. */
export const good = { cert: pemOf("good"), key: pemOf("good.key") };
