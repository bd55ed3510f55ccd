import { readdir, readFile } from "node:fs/promises";
import { AppError } from "#lib/core/errors.ts";
import type { Spec } from "./spec-diff.ts";

const FOLDER = new URL("../../../docs/openapi/", import.meta.url);
const numberOf = (name: string): number => {
  const [major = 0, minor = 0, patch = 0] = (name.match(/\d+/g) ?? []).map(Number);
  return (major * 1_000 + minor) * 1_000 + patch;
};

/** The description of the newest release, from `docs/openapi/v<version>.json`. @throws AppError NOT_FOUND without one. */
export const releasedSpec = async (): Promise<Spec> => {
  const files = (await readdir(FOLDER)).filter((name) => /^v\d+\.\d+\.\d+\.json$/.test(name));
  const newest = files.sort((one, other) => numberOf(other) - numberOf(one))[0];
  if (newest === undefined) throw new AppError("NOT_FOUND", "docs/openapi holds no description of a release");
  return JSON.parse(await readFile(new URL(newest, FOLDER), "utf8")) as Spec;
};
