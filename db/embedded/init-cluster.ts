import { randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import type { Place } from "./place.ts";
import { runProgram, toEmbeddedError } from "./run-program.ts";

/** The role and the database of the embedded server. */
export const EMBEDDED_USER = "nines";
export const EMBEDDED_DATABASE = "nines";

/** The folder of the cluster itself, below the home that also holds its password. */
export const dataFolderOf = (home: string): string => join(home, "data");
const passwordFileOf = (home: string): string => join(home, "password");

/** The password of the embedded server, or null when it was never made. */
export const readPassword = (home: string): Promise<string | null> =>
  readFile(passwordFileOf(home), "utf8").then(
    (text) => text.trim(),
    () => null,
  );

const majorVersionOf = (dataFolder: string): Promise<string | null> =>
  readFile(join(dataFolder, "PG_VERSION"), "utf8").then(
    (text) => text.trim(),
    () => null,
  );

const ownedBy = async (path: string, { user }: Place): Promise<void> => {
  if (user !== null) await chown(path, user.uid, user.gid);
};

/** Runs initdb and makes the database in a folder of its own, which becomes the data folder by one rename. */
const makeCluster = async (place: Place, isDurable: boolean): Promise<void> => {
  const { home } = place;
  const workshop = await mkdtemp(join(home, "init-"));
  await ownedBy(workshop, place);
  const password = randomBytes(24).toString("base64url");
  const passwordFile = join(workshop, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  await ownedBy(passwordFile, place);
  const data = join(workshop, "data");
  const options = [
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    ...(isDurable ? [] : ["--no-sync"]),
  ];
  await runProgram(place, "initdb", ["-D", data, "-U", EMBEDDED_USER, `--pwfile=${passwordFile}`, ...options]);
  await runProgram(
    place,
    "postgres",
    ["--single", "-D", data, "-c", `fsync=${isDurable ? "on" : "off"}`, "postgres"],
    `create database ${EMBEDDED_DATABASE}\n`,
  );
  await rename(passwordFile, passwordFileOf(home));
  await rename(data, dataFolderOf(home));
  await rm(workshop, { recursive: true, force: true });
};

const removeLeftovers = async (home: string): Promise<void> => {
  for (const name of await readdir(home)) {
    if (name.startsWith("init-")) await rm(join(home, name), { recursive: true, force: true });
  }
};

/**
 * Makes the cluster of a place when there is none. A run that is killed halfway leaves nothing that looks like one.
 * @throws AppError DATABASE_TOO_OLD or DATABASE_TOO_NEW when the data are another major version's.
 */
export const ensureCluster = async (
  place: Place,
  { majorVersion, isDurable }: { majorVersion: string; isDurable: boolean },
): Promise<void> => {
  const { home } = place;
  const found = await majorVersionOf(dataFolderOf(home));
  if (found === majorVersion) return;
  if (found !== null) {
    const isOlder = Number(found) < Number(majorVersion);
    const cure = isOlder
      ? `Run "nines backup" with the release that made it, then "nines restore" with this one into an empty data folder.`
      : "Start the newer release.";
    throw new AppError(
      isOlder ? "DATABASE_TOO_OLD" : "DATABASE_TOO_NEW",
      `${home} was made by PostgreSQL ${found}, this release has ${majorVersion}. ${cure}`,
    );
  }
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await ownedBy(home, place);
    await removeLeftovers(home);
    await makeCluster(place, isDurable);
  } catch (error) {
    throw error instanceof AppError ? error : toEmbeddedError(error, "");
  }
};
