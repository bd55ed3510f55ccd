import { defineConfig } from "vitest/config";

const unit = ["{lib,db,probes,app,bin}/**/*.test.ts", "test/unit/**/*.test.ts"];
/** Against hanging only, since a busy machine takes its time: what must be quick says so itself, by a stopwatch. */
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };
const setupFiles = ["./test/support/fail-on-console.ts", "./test/support/property-seed.ts"];

export default defineConfig({
  test: {
    expect: { poll: { timeout: 10_000, interval: 20 } },
    projects: [
      // Files share a few processes: making one for each and loading everything in it again would take most of the time.
      { extends: true, test: { name: "unit", include: unit, setupFiles, isolate: false, ...limits } },
      // One private cluster per run, one database cloned from a migrated template per file.
      {
        extends: true,
        test: {
          name: "db",
          include: ["test/db/**/*.test.ts"],
          globalSetup: ["./test/support/cluster.ts"],
          setupFiles,
          ...limits,
        },
      },
      // Real processes: the CLI, the service from start to stop, the main thread through all stations.
      {
        extends: true,
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      // Against programs of Debian; `npm run interop` installs what it may.
      {
        extends: true,
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          globalSetup: ["./test/support/cluster.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { extends: true, test: { name: "rules", include: ["test/rules/**/*.test.ts"], testTimeout: 120_000 } },
    ],
  },
});
