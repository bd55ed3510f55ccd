import { camelOf, WHOLE } from "#lib/config/api/words.ts";
import type { Section } from "#lib/config/export/context.ts";
import { Decimal } from "#lib/config/export/context.ts";

// The one conversion between the words of the file (snake_case) and those of the API (camelCase).

/** Their keys are names of other people. */
const FREE_KEYS: ReadonlySet<string> = new Set(["headers", "weights"]);

const snakeOf = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isMapping = (value: unknown): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Decimal);

const renamed = (value: unknown, rename: (key: string) => string): unknown => {
  if (value instanceof Decimal) return Number(value.text);
  if (Array.isArray(value)) return value.map((each) => renamed(each, rename));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [rename(key), FREE_KEYS.has(key) ? inner : renamed(inner, rename)]),
  );
};

/** A body of the API in the words of the file. */
export const toFileWords = (body: Section): Section => renamed(body, snakeOf) as Section;
/** A section of the file in the words of the API. */
export const toApiWords = (section: Section): Section => renamed(section, camelOf) as Section;

/** A path of a fault, `burn_rate_alerts[0].min_bad`, as the API names fields: `burnRateAlerts.0.minBad`. */
export const toApiField = (path: string): string =>
  path
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .replace(/^\./, "")
    .split(".")
    .map(camelOf)
    .join(".");

/** RFC 7396: null takes away, mappings are merged, everything else is replaced. */
export const mergePatch = (target: Section, patch: Section): Section => {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isMapping(value) && !WHOLE.has(key)) merged.set(key, mergePatch(isMapping(before) ? before : {}, value));
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
};
