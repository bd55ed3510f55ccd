import type { Language } from "#lib/core/languages.ts";

type Impact = "none" | "minor" | "major" | "critical";

/** A text to begin an incident with, as the configuration holds it. */
export type IncidentTemplateDefinition = {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** Markdown. */
  readonly message: string;
  readonly status: "investigating" | "identified" | "monitoring";
  readonly impact: Impact;
  readonly affected: readonly { readonly serviceId: string; readonly impact: Impact }[];
  readonly translations: Partial<Record<Language, { readonly title?: string; readonly message?: string }>>;
};
