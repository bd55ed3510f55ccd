import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmbeddedServer } from "./index.ts";
import { choosePlace, EMBEDDED_MAJOR, startInPlace } from "./index.ts";
import type { Place } from "./place.ts";
import { isAlive } from "./postmaster.ts";

/** A server whose data nobody will miss. */
export type TemporaryServer = {
  readonly server: EmbeddedServer;
  readonly folder: string;
  /** Ends it and removes its folder. */
  readonly stop: () => Promise<void>;
};

const quiet = { info: () => undefined, warn: () => undefined };

/** Nothing here has to survive a power cut. */
const FAST_SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
  shared_buffers: "128MB",
};

/** Folders of processes that were killed. */
const removeLeftovers = (parent: string): void => {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^nines-postgres-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
};

export type TemporaryArgs = {
  /** Programs of another major version than the embedded one. */
  readonly other?: { readonly folder: string; readonly majorVersion: string } | undefined;
  readonly settings?: Readonly<Record<string, string>>;
  /** Where its folder is made; the system's folder for temporary files when it is not said. */
  readonly parent?: string;
};

/** Starts a server of its own in a temporary folder, made for speed and not for keeping. */
export const startTemporary = async (args: TemporaryArgs = {}): Promise<TemporaryServer> => {
  const { other, settings, parent = tmpdir() } = args;
  removeLeftovers(parent);
  const folder = mkdtempSync(join(parent, `nines-postgres-${process.pid}-`));
  // mkdtemp closes the folder to others, and as root the server runs as another user.
  chmodSync(folder, 0o755);
  const chosen = choosePlace(folder);
  const place: Place = other === undefined ? chosen : { ...chosen, binaries: { folder: other.folder } };
  const majorVersion = other?.majorVersion ?? EMBEDDED_MAJOR;
  const server = await startInPlace(place, { log: quiet, majorVersion, settings: { ...FAST_SETTINGS, ...settings } });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { server, folder, stop };
};
