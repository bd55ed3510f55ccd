import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromRole, RoleSettings } from "#lib/cli/roles/role.ts";

const root = join(fileURLToPath(import.meta.url), "..", "..", "..");

/** The real web role in a process of its own, against a database that the test has filled. */
export const startWebRole = async (args: {
  databaseUrl: string;
  dataDir: string;
}): Promise<{ url: string; close: () => Promise<void> }> => {
  const child = fork(join(root, "lib", "cli", "roles", "main.ts"), {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const settings: RoleSettings = {
    role: "web",
    instanceId: "browser-test",
    databaseUrl: args.databaseUrl,
    dataDir: args.dataDir,
    configPath: "",
    host: "127.0.0.1",
    port: 0,
    logLevel: "error",
    isDemo: false,
    isProduction: true,
    secretKey: Buffer.alloc(32).toString("base64"),
  };
  child.send({ kind: "settings", settings });
  const [message] = (await once(child, "message")) as [FromRole];
  if (message.kind !== "ready") throw new Error(`the web role did not start: ${JSON.stringify(message)}`);
  return {
    url: `http://localhost:${message.port}`,
    close: async () => {
      const ended = once(child, "exit");
      child.send({ kind: "stop" });
      await ended;
    },
  };
};
