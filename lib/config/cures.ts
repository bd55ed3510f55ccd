import type { ConfigError, ConfigErrorKind } from "./config-error.ts";

/** What to do about each kind of fault. */
export const CURES: Readonly<Record<ConfigErrorKind, string>> = {
  syntax: "Correct the YAML at this line: quotes, brackets, colons and indentation by spaces.",
  encoding: "Save the file as UTF-8.",
  duplicate_key: "Remove one of the two; the first is the one that was read.",
  missing: "Add the field; docs/configuration.md shows its form.",
  unknown_field: "Correct the spelling or remove the key; docs/configuration.md lists all fields.",
  type: "Write a value of the right type: numbers without quotes, durations with a unit, lists in brackets.",
  range: "Choose a value within the limits.",
  enum: "Choose one of the words that are listed.",
  format: "Write the value in the form that is described.",
  reference: "Correct the name, or add what it refers to.",
  duplicate: "Give one of the two another name, or remove it.",
  conflict: "Change one of the two values.",
  unsafe: "Use a safe value, or permit the host under egress.allow if it is yours.",
  unsafe_tag: "Remove the tag; plain YAML values need none.",
  limit: "Make it smaller, or split it.",
};

/** What to do about a fault of this kind, in one sentence. */
export const cureFor = (error: ConfigError): string => CURES[error.kind];
