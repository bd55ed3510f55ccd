// Beside the rows that it reads, so that read models and commands have it too.
export { isAbout, spansOfSlo } from "#db/queries/slo-minutes.ts";
