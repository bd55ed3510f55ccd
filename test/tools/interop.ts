// Tests against programs of Debian: installs what it may, skips with the reason where it cannot.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { runStep } from "./steps.ts";

const PACKAGES = [
  { name: "postgresql-15", proof: "/usr/lib/postgresql/15/bin/postgres" },
  { name: "iproute2", proof: "/bin/ip" },
  { name: "prometheus-blackbox-exporter", proof: "/usr/bin/prometheus-blackbox-exporter" },
];

const missing = PACKAGES.filter(({ proof }) => !existsSync(proof)).map(({ name }) => name);
if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
  process.stdout.write(`installing ${missing.join(", ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", env, timeout: 180_000 });
  spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    stdio: "ignore",
    env,
    timeout: 300_000,
  });
}
const result = await runStep(
  {
    name: "interop",
    script: "node_modules/vitest/vitest.mjs",
    args: [
      "run",
      "--project",
      "interop",
      "--reporter",
      "default",
      "--reporter",
      "./test/support/closing-line-reporter.ts",
      ...process.argv.slice(2),
    ],
  },
  { isQuiet: false },
);
process.exitCode = result.code;
