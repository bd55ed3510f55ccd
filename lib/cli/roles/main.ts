// Entry point of a role's process. The supervisor sends the settings first; without its channel the process ends.
// Nothing is imported here but types: everything is compiled through the cache, and the settings say where that lies.
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import type { ToRole } from "#lib/cli/roles/role.ts";
import type * as RunRole from "#lib/cli/roles/run-role.ts";

let loading: Promise<typeof RunRole> | null = null;

const load = (): Promise<typeof RunRole> => {
  loading ??= import("#lib/cli/roles/run-role.ts");
  return loading;
};

const stop = (): void => {
  if (loading === null) process.exit(0);
  void loading.then((role) => role.stop());
};

process.on("message", (message: ToRole) => {
  // Compiling is most of the start. The cache lies in our own folder, since whoever writes to it has our rights.
  if (message.kind === "settings") enableCompileCache(join(message.settings.dataDir, "compile-cache"));
  void load().then((role) => role.accept(message));
});
process.on("disconnect", stop);
process.on("SIGTERM", stop);
// Ctrl-C reaches the whole terminal group; the supervisor decides the order.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
