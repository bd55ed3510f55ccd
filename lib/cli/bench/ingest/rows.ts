import { randomBytes } from "node:crypto";
import type { Database } from "#db/database.ts";
import type { RunRow } from "#db/queries/runs.ts";
import { readNumbers } from "#db/queries/runs.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { runRowOf } from "#lib/commands/run-row.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Run } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, durationUs } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

const PROBES = 100;
const INTERVAL_MS = durationMs(30_000);
const probeIdOf = (index: number): string => `probe-${String(index).padStart(3, "0")}`;

/** A configuration of 100 probes of 30 s in ten services, with an availability SLO each. */
const configText = (): string => {
  const services = Array.from({ length: 10 }, (_, service) => {
    const ids = Array.from({ length: PROBES / 10 }, (_, index) => probeIdOf(service * 10 + index));
    const probes = ids.map(
      (id) =>
        `      - { id: ${id}, type: http, url: "https://bench.example.com/${id}", interval: 30s, locations: [fra] }`,
    );
    const slos = ids.map(
      (id) => `      - { id: ${id}-slo, sli: availability, probes: [${id}], objective: 99.9, window: 28d }`,
    );
    return `  - id: service-${service}\n    name: Service ${service}\n    probes:\n${probes.join("\n")}\n    slos:\n${slos.join("\n")}\n`;
  });
  return `version: 1\nlocations:\n  - { id: fra, name: Frankfurt }\nservices:\n${services.join("")}`;
};

/** Puts the probes in force from an instant on. */
export const applyBenchConfig = async (database: Database, now: EpochMs): Promise<void> => {
  const loaded = loadConfig({ bytes: Buffer.from(configText()), env: {}, judgeUrl });
  if (!loaded.ok)
    throw new AppError("INTERNAL", `the bench's configuration is wrong: ${loaded.errors[0]?.message ?? ""}`);
  const secretBox = createSecretBox(randomBytes(32));
  await database.transaction((tx) => applyConfig(tx, { config: loaded.config, now, secretBox }), {
    deadlineMs: 30_000,
  });
};

/** A run as an HTTPS check records it: all phases, a certificate, an address, one in fifty fails. */
const runAt = (probe: number, scheduledAt: EpochMs): Run => {
  const noise = (probe * 31 + scheduledAt / 1_000) % 97;
  const isGood = noise !== 13 && noise !== 57;
  return {
    probeId: probeIdOf(probe),
    locationId: "fra",
    scheduledAt,
    startedAt: addMs(scheduledAt, 1),
    traceId: randomBytes(16).toString("hex"),
    outcome: {
      class: isGood ? "ok" : "bad_status",
      detail: isGood ? null : "503",
      durationUs: durationUs(80_000 + noise * 400),
      phasesUs: {
        dns: durationUs(900),
        connect: durationUs(11_000 + noise),
        tls: durationUs(24_000 + noise),
        firstByte: durationUs(40_000 + noise * 390),
        transfer: durationUs(300),
      },
      httpStatus: isGood ? 200 : 503,
      bytesRead: 5_120,
      address: "192.0.2.10",
      certificateExpiresAt: addMs(scheduledAt, 5_000_000_000),
      failures: isGood ? [] : [{ assertion: "status in", expected: "2xx", seen: "503" }],
    },
  };
};

/** So many runs in the order in which they happen, from an instant on. */
export const benchRuns = (from: EpochMs, count: number): Run[] => {
  const firsts = Array.from({ length: PROBES }, (_, probe) => ({
    probe,
    at: nextSlotAt(probeIdOf(probe), INTERVAL_MS, from),
  }));
  firsts.sort((a, b) => a.at - b.at);
  return Array.from({ length: count }, (_, index) => {
    const { probe, at } = firsts[index % PROBES] as { probe: number; at: EpochMs };
    return runAt(probe, addMs(at, Math.floor(index / PROBES) * INTERVAL_MS));
  });
};

/** The same runs as rows, for those who only insert. */
export const benchRows = async (database: Database, runs: readonly Run[]): Promise<RunRow[]> => {
  const probeIds = Array.from({ length: PROBES }, (_, probe) => probeIdOf(probe));
  const numbers = await database.read((db) => readNumbers(db, { probeIds, locationIds: ["fra"] }));
  return runs.map((run) =>
    runRowOf(run, { probeNo: numbers.probes.get(run.probeId) ?? 0, locationNo: numbers.locations.get("fra") ?? 0 }),
  );
};

const copyValue = (value: string | number | null): string =>
  value === null
    ? "\\N"
    : String(value).replace(/[\\\t\n\r]/g, (char) => `\\${{ "\t": "t", "\n": "n", "\r": "r" }[char] ?? char}`);
const copyInstant = (at: number | null): string => (at === null ? "\\N" : new Date(at).toISOString());

/** Rows in the text format of COPY, in the order of the columns of `runs`. */
export const copyText = (rows: readonly RunRow[], ingestedAt: EpochMs): string =>
  rows
    .map((row) => {
      const numbers = [
        row.probeNo,
        row.durationUs,
        row.dnsUs,
        row.connectUs,
        row.tlsUs,
        row.firstByteUs,
        row.transferUs,
      ];
      const rest = [
        row.bytesRead,
        row.locationNo,
        row.classCode,
        row.httpStatus,
        "f",
        row.traceId,
        row.address,
        row.detail,
      ];
      return [
        copyInstant(row.scheduledAt),
        copyInstant(row.startedAt),
        copyInstant(ingestedAt),
        copyInstant(row.certificateExpiresAt),
        ...[...numbers, ...rest, row.failures, row.startDelayMs].map(copyValue),
      ].join("\t");
    })
    .join("\n");
