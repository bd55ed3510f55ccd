import type { HttpAuth, ProbeDefinition } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import { HIDDEN, secretsOf } from "#lib/core/without-secrets.ts";
import type { CheckResult } from "./check.ts";
import { authorizationOf } from "./http-target.ts";

/** Shorter texts stand in an answer by chance. */
const SHORTEST = 6;
/** A text this long may have been cut. */
const LONG = 200;
/** From this length on a word of a header, such as what follows "Bearer", and a value of a journey are taken for secrets. */
const SHORTEST_WORD = 8;

const authsOf = (definition: ProbeDefinition): readonly (HttpAuth | null)[] => {
  if (definition.type === "journey") return definition.steps.map(({ auth }) => auth);
  return "auth" in definition ? [definition.auth] : [];
};

/** The forms in which texts may come back, the longest first: as they are, in JSON, in an address. */
const formsOf = (texts: readonly string[]): readonly string[] => {
  const forms = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
  ]);
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST).sort((a, b) => b.length - a.length);
};

/** The secrets of a definition as they are sent, and the words of them. */
const sentSecretsOf = (definition: ProbeDefinition): readonly string[] => {
  const secrets = [
    ...Object.values(secretsOf(definition)),
    ...authsOf(definition).flatMap((auth) => Object.values(authorizationOf(auth))),
  ];
  return [
    ...secrets,
    ...secrets.flatMap((secret) => secret.split(/[\s;,]+/).filter((word) => word.length >= SHORTEST_WORD)),
  ];
};

/** An excerpt that was cut may end within a secret. */
const withoutBegunSecret = (text: string, forms: readonly string[]): string => {
  if (text.length < LONG) return text;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length >= SHORTEST; length -= 1)
      if (text.endsWith(form.slice(0, length))) return `${text.slice(0, -length)}${HIDDEN}`;
  }
  return text;
};

const hideIn = (text: string, forms: readonly string[]): string => {
  const hidden = withoutBegunSecret(
    forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text),
    forms,
  );
  return hidden === text ? text : excerptOf(hidden);
};

const hideInOutcome = (outcome: Outcome, forms: readonly string[]): Outcome => ({
  ...outcome,
  detail: outcome.detail === null ? null : hideIn(outcome.detail, forms),
  failures: outcome.failures.map((failure) => ({ ...failure, seen: hideIn(failure.seen, forms) })),
});

const saysNothing = ({ detail, failures }: Outcome): boolean => detail === null && failures.length === 0;

/** Takes values that a journey has found, of eight characters and more, out of what one of its steps tells. */
export const hideValues = (outcome: Outcome, values: ReadonlyMap<string, string>): Outcome => {
  if (values.size === 0 || saysNothing(outcome)) return outcome;
  return hideInOutcome(outcome, formsOf([...values.values()].filter((value) => value.length >= SHORTEST_WORD)));
};

/**
 * Takes the secrets of a definition out of what its check tells: targets send back what they get, and it would stand in the
 * record in clear. A result that tells nothing is returned as it is, at no cost.
 */
export const hideSecrets = (definition: ProbeDefinition, result: CheckResult): CheckResult => {
  const { outcome, parts } = result;
  if (saysNothing(outcome) && (parts ?? []).every((part) => saysNothing(part.outcome))) return result;
  const forms = formsOf(sentSecretsOf(definition));
  if (forms.length === 0) return result;
  const hidden = { ...result, outcome: hideInOutcome(outcome, forms) };
  return parts === undefined
    ? hidden
    : { ...hidden, parts: parts.map((part) => ({ ...part, outcome: hideInOutcome(part.outcome, forms) })) };
};
