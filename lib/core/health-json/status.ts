/** How a part of a system says that it is. `warn` is up, with something to look at. */
export type HealthStatus = "pass" | "warn" | "fail";

/**
 * Words in lower case: draft-inadarei-api-health-check-06 with its aliases, Spring Boot Actuator, ASP.NET Core health
 * checks, NestJS Terminus. Actuator's UNKNOWN leaves the whole up, so it is a warning here.
 */
const STATUS_OF_WORD: Readonly<Record<string, HealthStatus>> = {
  pass: "pass",
  ok: "pass",
  up: "pass",
  healthy: "pass",
  warn: "warn",
  warning: "warn",
  degraded: "warn",
  unknown: "warn",
  fail: "fail",
  error: "fail",
  down: "fail",
  unhealthy: "fail",
  out_of_service: "fail",
  shutting_down: "fail",
};

/** Whether a word is one of the known ones, whatever its case. */
export const isHealthWord = (word: string): boolean => Object.hasOwn(STATUS_OF_WORD, word.trim().toLowerCase());

/** A word that nobody knows is a failure: systems that have words of their own have them for trouble. */
export const healthStatusOf = (word: string): HealthStatus =>
  isHealthWord(word) ? (STATUS_OF_WORD[word.trim().toLowerCase()] ?? "fail") : "fail";
