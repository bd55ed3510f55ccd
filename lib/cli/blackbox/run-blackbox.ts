import type { RunBlackbox } from "#lib/web/inbound/blackbox-facts.ts";
import type { BlackboxDeps } from "./deps.ts";
import { runHttp } from "./run-http.ts";
import { runConnect, runDns, runGrpc, runIcmp } from "./run-others.ts";

/** How the web role runs a check for Prometheus: the same checks and the same way out as probes have. */
export const createBlackboxRunner =
  (deps: Omit<BlackboxDeps, "signal" | "caPem"> & { readonly caPem?: string | null }): RunBlackbox =>
  ({ target, ...limits }, signal) => {
    const own: BlackboxDeps = { caPem: null, ...deps, signal };
    switch (target.module) {
      case "http_2xx":
        return runHttp({ target, ...limits, url: target.url }, own);
      case "tcp_connect":
      case "tls_connect":
        return runConnect(target, limits, own);
      case "dns":
        return runDns(target, limits, own);
      case "icmp":
        return runIcmp(target, limits, own);
      case "grpc":
      case "grpc_plain":
        return runGrpc(target, limits, own);
    }
  };
