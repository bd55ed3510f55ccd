import { readSmallFile } from "#lib/config/read-capped.ts";

/** Bundles of every public authority are a quarter of this. */
const MAX_CA_BYTES = 1_000_000;

/** The text of a PEM file. @throws when it cannot be read, is larger than 1 MB, or is no regular file */
export const readCaFile = (path: string): string => new TextDecoder().decode(readSmallFile(path, MAX_CA_BYTES));
