import type { Language } from "../languages.ts";
import type { DurationMs, EpochMs } from "../units.ts";

/** Planned work in other languages; what a language lacks is shown as it was written. Empty texts count as none. */
export type MaintenanceTexts = Readonly<
  Partial<Record<Language, { readonly title?: string | undefined; readonly body?: string | undefined }>>
>;
/** What is said of it meanwhile, in other languages. */
export type MaintenanceMessages = Readonly<Partial<Record<Language, { readonly message: string }>>>;

/** Planned work as the configuration holds it. */
export type MaintenanceDefinition = {
  readonly id: string;
  readonly title: string;
  /** Plain text, may be empty. */
  readonly description: string;
  readonly impact: "none" | "minor" | "major" | "critical";
  readonly serviceIds: readonly string[];
  /** Of the first occurrence. */
  readonly startsAt: EpochMs;
  readonly durationMs: DurationMs;
  /** RFC 5545 in the form of `readRule`; null happens once. */
  readonly rrule: string | null;
  readonly timeZone: string;
  /** When customers were told; null: when the configuration was first applied with it. */
  readonly announcedAt: EpochMs | null;
  /** Minutes before each start. */
  readonly reminders: readonly number[];
  readonly translations?: MaintenanceTexts;
};
