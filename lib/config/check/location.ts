import type { Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { collectIds, mappingsOf } from "../references.ts";
import type { EgressRules } from "../rules/egress.ts";
import { readDuration } from "../scalars.ts";

const DEFAULT_INTERVAL_MS = 10_000;

/** What takes more than one value to judge about the reference checks of a location. */
export const checkLocation = (location: Placed<Mapping>, rules: EgressRules): Fault[] => [
  ...collectIds("reference check of the location", [location], "reference_checks", { isOptional: true }).faults,
  ...mappingsOf(location, "reference_checks").flatMap(({ path, value }): Fault[] => {
    const { url, timeout, interval } = value;
    const complaint = typeof url === "string" ? rules.checkProbeUrl(url) : null;
    const timeoutMs = readDuration(timeout);
    const intervalMs = interval === undefined ? DEFAULT_INTERVAL_MS : readDuration(interval);
    const isLonger = timeoutMs !== null && intervalMs !== null && intervalMs > 0 && timeoutMs > intervalMs;
    return [
      ...(complaint === null ? [] : [{ ...complaint, path: [...path, "url"] }]),
      ...(isLonger
        ? [{ path: [...path, "timeout"], kind: "conflict" as const, message: "must not be longer than the interval" }]
        : []),
    ];
  }),
];
