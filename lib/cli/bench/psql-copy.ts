import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { AppError } from "#lib/core/errors.ts";

const PLACES = ["/usr/bin/psql", "/usr/local/bin/psql", "/opt/homebrew/bin/psql"];

/** Where psql is installed; null when it is not. */
export const findPsql = (): string | null => PLACES.find((path) => existsSync(path)) ?? null;

/** Loads a file into `bench_runs` by `\copy`. The password goes by the environment, which other users cannot read. */
export const copyByPsql = (psql: string, { url, path }: { url: string; path: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port, username, password, pathname } = new URL(url);
    const env: Record<string, string> = {
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: decodeURIComponent(username),
      PGPASSWORD: decodeURIComponent(password),
      PGDATABASE: pathname.slice(1),
    };
    const script = String.raw`\copy bench_runs from '${path}'`;
    const child = spawn(psql, ["-qX", "-v", "ON_ERROR_STOP=1", "-c", script], {
      stdio: ["ignore", "ignore", "inherit"],
      // Nothing of our own environment; Next's types ask for a variable of its own here.
      env: env as NodeJS.ProcessEnv,
    });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new AppError("INTERNAL", `psql ended with ${code}`))));
  });
