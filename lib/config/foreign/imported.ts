import type { AlertSeverity } from "#lib/core/definitions.ts";
import { formatFraction, fraction, multiply, parseFraction } from "#lib/core/slo/fraction.ts";
import { canFire, factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { Cursor } from "./fidelity.ts";

/** One pair as it is written in nines.yaml. */
export type PairFile = {
  readonly long: string;
  readonly short: string;
  readonly factor: number;
  readonly severity: AlertSeverity;
  readonly min_bad?: { readonly long: number; readonly short: number };
};

export type WindowFile = string | { readonly calendar: string; readonly time_zone: string; readonly anchor?: string };

/** An SLO as it is written in nines.yaml. */
export type SloFile = {
  readonly id: string;
  readonly objective: number;
  readonly window: WindowFile;
  readonly burn_rate_alerts?: readonly PairFile[];
  readonly document?: { readonly rationale: string };
  /** `sli` and what belongs to it. */
  readonly [field: string]: unknown;
};

export type ImportedService = { readonly id: string; readonly name: string; readonly description: string | null };
export type ImportedSlo = { readonly service: ImportedService; readonly slo: SloFile };

const MAX_ID = 63;

/** An id in the form of Nines, or null when nothing of the name can stand in one. */
export const idOf = (name: string): string | null => {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, MAX_ID)
    .replace(/-+$/, "");
  return id === "" ? null : id;
};

/** The id that a name becomes, noted as kept or changed. */
export const idAt = (name: Cursor, what: string, text = name.text()): string => {
  if (text === null) return name.refuse(`is required: it becomes the id of the ${what}`);
  const id = idOf(text) ?? name.refuse(`"${text}" has no letter or digit to make an id of`);
  if (id === text) name.keep(`${what} ${id}`);
  else name.change(`${what} ${id}: ids have lower-case letters, digits and hyphens only`);
  return id;
};

/** The objective in percent, exactly, from a share or a percentage. */
export const objectiveAt = (field: Cursor, unit: "share" | "percent"): number => {
  const written = field.text();
  const value = written === null ? null : parseFraction(written);
  if (value === null) return field.refuse(`a number is due, got ${written ?? "nothing"}`);
  const percent = formatFraction(unit === "share" ? multiply(value, fraction(100n, 1n)) : value);
  const number = Number(percent);
  if (!(number > 50 && number < 100)) {
    const bounds = unit === "share" ? "over 0.5 and under 1" : "over 50 and under 100";
    return field.refuse(`must be ${bounds}, got ${written}`);
  }
  field.keep(`objective ${percent}`);
  return number;
};

/** Whether a pair can ever fire at this objective; one that cannot is refused by `nines check`. */
export const canPairFire = (factor: number, objective: number): boolean =>
  factor > 0 && canFire(factorOf(decimalText(factor)), objectiveOfPercent(decimalText(objective)));

/** Digits of a number without an exponent. */
const decimalText = (value: number): string => {
  const text = String(value);
  return text.includes("e") ? value.toFixed(18).replace(/\.?0+$/, "") : text;
};
