// Ends a role of a service again and again, and measures how long it was away.
import type { RoleName } from "#lib/cli/roles/role.ts";
import { waitFor } from "../../support/wait-for.ts";
import { pause } from "./scenario.ts";
import type { Service } from "./service.ts";

export type Kill = { readonly atMs: number; readonly restartMs: number };

export const pidOf = (service: Service, role: RoleName): number => {
  const pid = service.pidsOf(role).at(-1);
  if (pid === undefined) throw new Error(`the log does not name the process of the role ${role}`);
  return pid;
};

/** Lets the role live for `lifeMs`, kills it and waits until the supervisor calls the next one ready. */
export const killRole = async (service: Service, role: RoleName, lifeMs: number): Promise<Kill> => {
  await pause(lifeMs);
  const pid = pidOf(service, role);
  const atMs = Date.now();
  process.kill(pid, "SIGKILL");
  await waitFor(`the role ${role} to be ready again`, () => service.pidsOf(role).at(-1) !== pid, {
    deadlineMs: 60_000,
    everyMs: 5,
  });
  return { atMs, restartMs: Date.now() - atMs };
};
