import type { GrpcProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";

/** A probe of a health service on this machine. */
export const probe = (changes: Partial<GrpcProbeDefinition>): GrpcProbeDefinition => ({
  id: "health",
  type: "grpc",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(3_000),
  locations: ["here"],
  host: "127.0.0.1",
  port: 1,
  service: "",
  tls: false,
  assertions: [],
  ...changes,
});
