import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Writable } from "node:stream";
import { AppError } from "#lib/core/errors.ts";

/** What the built pages are made of: a change in any of these makes a new build due. */
const SOURCES = [
  "app",
  "lib/core",
  "lib/contracts",
  "lib/config",
  "lib/egress",
  "lib/read",
  "lib/commands",
  "lib/runtime",
  "db",
  "next.config.js",
  "instrumentation.ts",
  "tsconfig.json",
  "package.json",
  "package-lock.json",
];
const STAMP = "nines-sources";

const filesBelow = async (root: string, path: string): Promise<string[]> => {
  const entries = await readdir(join(root, path), { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
};

/** SHA-256 over names and contents of all sources of the pages. */
const hashSources = async (root: string): Promise<string> => {
  const hash = createHash("sha256").update(process.versions.node.split(".")[0] ?? "");
  const files = (await Promise.all(SOURCES.map((path) => filesBelow(root, path)))).flat().sort();
  for (const file of files) hash.update(file).update(await readFile(join(root, file)).catch(() => ""));
  return hash.digest("hex");
};

type Environment = Readonly<Record<string, string | undefined>>;

const runNextBuild = (
  root: string,
  env: Environment,
  signal: AbortSignal,
): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "node_modules", "next", "dist", "bin", "next"), "build"], {
      cwd: root,
      env: { ...env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      killSignal: "SIGKILL",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-8_000);
      });
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, output }));
  });

/** A line that counts the seconds on a terminal; one line in a log. Returns what ends it. */
const showProgress = (out: Writable & { isTTY?: boolean }): (() => void) => {
  const text = "Building the pages (once for each version, about 15 s)";
  if (out.isTTY !== true) {
    out.write(`${text} …\n`);
    return () => undefined;
  }
  let seconds = 0;
  const draw = (): void => void out.write(`\r${text} … ${seconds++} s`);
  draw();
  const timer = setInterval(draw, 1_000);
  return () => {
    clearInterval(timer);
    out.write("\r\u001b[K");
  };
};

/**
 * Builds the pages when their sources changed since the last build.
 * @throws AppError BUILD_FAILED with the end of the compiler's output, or PERMISSION_DENIED.
 */
export const buildPagesWhenNeeded = async (args: {
  root: string;
  env: Environment;
  out: Writable;
  signal: AbortSignal;
}): Promise<void> => {
  const { root, env, out, signal } = args;
  const stampFile = join(root, ".next", STAMP);
  const wanted = await hashSources(root);
  if ((await readFile(stampFile, "utf8").catch(() => "")) === wanted) return;
  const endProgress = showProgress(out);
  try {
    await mkdir(join(root, ".next"), { recursive: true });
    const { code, output } = await runNextBuild(root, env, signal);
    if (code !== 0) throw new AppError("BUILD_FAILED", `next build ended with ${code}:\n${output}`);
    await writeFile(stampFile, wanted);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      throw new AppError(
        "PERMISSION_DENIED",
        `${join(root, ".next")} cannot be written. Build once as the owner of the folder, or give this user write access.`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    endProgress();
  }
};
