import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startTemporary } from "#db/embedded/temporary.ts";
import { AppError } from "#lib/core/errors.ts";
import { treeCpuUs } from "../process-cpu.ts";

/** The processes of a product that is measured. */
export type Product = {
  /** Probes these URLs once a second each; none: rests. */
  readonly probe: (urls: readonly string[]) => Promise<void>;
  /**
   * CPU time so far in microseconds: of what probes, of what stores, and of everything else of the product. Null where the
   * system does not tell.
   */
  readonly cpuUs: () => { readonly probing: number; readonly storing: number; readonly rest: number } | null;
  readonly stop: () => Promise<void>;
};

const LAUNCHER = fileURLToPath(new URL("../../../../bin/nines.mjs", import.meta.url));
const READY_WITHIN_MS = 60_000;
/** As durable as a real one: the defaults of a temporary server are not. */
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", shared_buffers: "128MB" };

/** A configuration has at least one probe: one that runs once an hour. */
const RESTING = `  - id: rest
    name: Rest
    probes:
      - { id: rest, type: tcp, host: 127.0.0.1, port: 9, interval: 1h, locations: [here] }`;

/** In services of at most 100 probes. */
const configFor = (urls: readonly string[]): string => {
  const services = Array.from({ length: Math.ceil(urls.length / 100) }, (_, service) => {
    const own = urls.slice(service * 100, (service + 1) * 100);
    const probes = own.map(
      (url, index) =>
        `      - { id: p-${service}-${index}, type: http, url: "${url}", interval: 1s, locations: [here] }`,
    );
    return `  - id: service-${service}\n    name: Service ${service}\n    probes:\n${probes.join("\n")}`;
  });
  return `version: 1\negress: { allow: [127.0.0.1/32] }\nlocations: [{ id: here, name: Here }]\nservices:\n${services.length === 0 ? RESTING : services.join("\n")}\n`;
};

/** The processes of the roles, as the supervisor tells of them in its log. */
const rolePids = (child: ChildProcess, roles: readonly string[]): Promise<ReadonlyMap<string, number>> =>
  new Promise((resolve, reject) => {
    const pids = new Map<string, number>();
    let text = "";
    const settle = (error: string | null): void => {
      clearTimeout(timer);
      child.stdout?.off("data", read).resume();
      child.stderr?.off("data", read).resume();
      if (error === null) resolve(pids);
      else reject(new AppError("INTERNAL", `the service ${error}:\n${text}`));
    };
    const timer = setTimeout(() => settle("was not ready in time"), READY_WITHIN_MS);
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      for (const [, line] of text.matchAll(/^(\{.*\})$/gm)) {
        const entry = JSON.parse(line ?? "{}") as { role?: string; pid?: number; message?: string };
        if (entry.role !== undefined && entry.pid !== undefined && entry.message?.endsWith("is ready") === true)
          pids.set(entry.role, entry.pid);
      }
      if (roles.every((role) => pids.has(role))) settle(null);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("exit", (code) => settle(`ended with ${code}`));
  });

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });

/**
 * Starts the service as a user does, but for its page: engine, delivery and probes in processes of their own, with a
 * PostgreSQL that keeps what it was told. `caPath`: whom the probes trust beside the public authorities.
 */
export const startNines = async ({
  caPath,
  env: outer,
}: {
  caPath: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<Product> => {
  const folder = await mkdtemp(join(tmpdir(), "nines-bench-"));
  await chmod(folder, 0o755);
  const configPath = join(folder, "nines.yaml");
  await writeFile(configPath, configFor([]));
  const { server, stop: stopServer } = await startTemporary({ settings: DURABLE });
  const env: NodeJS.ProcessEnv = {
    // Next's types ask for it; the service finds out by itself.
    NODE_ENV: "production",
    PATH: outer.PATH,
    HOME: outer.HOME,
    TMPDIR: outer.TMPDIR,
    DATABASE_URL: server.url,
    LOG_LEVEL: "info",
    NINES_DATA_DIR: join(folder, "data"),
    NINES_SECRET_KEY: randomBytes(32).toString("base64"),
    NODE_EXTRA_CA_CERTS: caPath,
  };
  const args = [LAUNCHER, "start", "--role", "engine,deliver,probe", "--config", configPath];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended(child);
    await stopServer();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const prober = (await rolePids(child, ["engine", "deliver", "probe"])).get("probe") ?? 0;
    return {
      probe: async (urls) => {
        await writeFile(configPath, configFor(urls));
        child.kill("SIGHUP");
      },
      cpuUs: () => {
        const [probing, storing, all] = [treeCpuUs(prober), treeCpuUs(server.pid), treeCpuUs(child.pid ?? 0)];
        if (probing === null || storing === null || all === null) return null;
        return { probing, storing, rest: all - probing };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
