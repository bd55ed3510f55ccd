import { appendFile, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppError } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { collectRoleMetrics, serializeMerged } from "#lib/runtime/metrics.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { ConfigResult } from "./watch-config.ts";
import { createConfigWatcher } from "./watch-config.ts";

let folder = "";
let path = "";
let stop = new AbortController();
let running: Promise<void> = Promise.resolve();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-watch-"));
  path = join(folder, "nines.yaml");
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await running;
  await rm(folder, { recursive: true, force: true });
});

/** Starts a watcher for a file whose whole text is the page's name; "bad" in it is a fault. */
const start = (applyWith: (name: string) => void = () => undefined, clock: Clock = systemClock) => {
  const applied: string[] = [];
  const results: ConfigResult[] = [];
  const errors: { fields: object; message: string }[] = [];
  const warnings: string[] = [];
  const watcher = createConfigWatcher({
    path,
    load: (bytes) => {
      const name = Buffer.from(bytes).toString("utf8");
      if (!name.includes("bad")) return { ok: true, config: sampleConfig({ page: { ...sampleConfig().page, name } }) };
      return {
        ok: false,
        errors: [
          { path: "services[0].id", kind: "format", message: "no", line: 3 },
          { path: "page.name", kind: "missing", message: "no" },
        ],
      };
    },
    apply: async (config) => {
      applyWith(config.page.name);
      applied.push(config.page.name);
      return { version: BigInt(applied.length), changed: true };
    },
    clock,
    log: {
      ...silentLogger,
      error: (fields, message) => void errors.push({ fields, message }),
      warn: (_fields, message) => void warnings.push(message),
    },
    signal: stop.signal,
    onResult: (result) => results.push(result),
  });
  running = watcher.done;
  return { watcher, applied, results, errors, warnings };
};
const metric = async () =>
  /^nines_config_last_reload_successful(?:\{[^}]*\})? (\d)/m.exec(
    (await serializeMerged([await collectRoleMetrics()])).body,
  )?.[1];
const replaceFile = async (text: string): Promise<void> => {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
};

test("the file is applied at the start and again when it is written over, replaced or grown", async () => {
  await writeFile(path, "one");
  const { applied } = start();
  await waitFor("the start", () => applied.length === 1);
  await writeFile(path, "two");
  await waitFor("the overwritten file", () => applied.length === 2);
  await replaceFile("tri");
  await waitFor("the replaced file", () => applied.length === 3);
  await appendFile(path, "+");
  await waitFor("the grown file", () => applied.length === 4);
  expect(applied).toEqual(["one", "two", "tri", "tri+"]);
  expect(await metric()).toBe("1");
});

test("a link that is pointed elsewhere, as config maps do, is seen", async () => {
  await writeFile(join(folder, "a"), "first");
  await writeFile(join(folder, "b"), "other");
  await symlink("a", path);
  const { applied } = start();
  await waitFor("the start", () => applied.length === 1);
  await symlink("b", `${path}.new`);
  await rename(`${path}.new`, path);
  await waitFor("the other file", () => applied.at(-1) === "other");
});

test("a bad file is told once with all its faults, keeps the old one, and a good one heals it", async () => {
  await writeFile(path, "one");
  const { applied, errors, results, watcher } = start();
  await waitFor("the start", () => applied.length === 1);
  await writeFile(path, "bad");
  await waitFor("the refusal", () => errors.length === 1);
  expect(errors[0]?.fields).toMatchObject({
    code: "CONFIG_INVALID",
    errors: [{ path: "services[0].id", line: 3 }, { path: "page.name" }],
  });
  expect(await metric()).toBe("0");
  // Asked for explicitly, it is told again; by itself it is not.
  watcher.reload();
  await waitFor("the second refusal", () => errors.length === 2);
  await writeFile(path, "two");
  await waitFor("the cure", () => applied.length === 2);
  expect(await metric()).toBe("1");
  expect(errors).toHaveLength(2);
  expect(results.map((result) => result.kind)).toEqual(["applied", "rejected", "rejected", "applied"]);
});

test("a file that vanishes keeps the old configuration and is told once, also by the metric until it is back", async () => {
  await writeFile(path, "one");
  const { applied, errors, watcher } = start();
  await waitFor("the start", () => applied.length === 1);
  await waitFor("the metric", async () => (await metric()) === "1");
  const aside = join(folder, "aside.yaml");
  await rename(path, aside);
  await waitFor("the complaint", () => errors.length === 1);
  expect(errors[0]?.fields).toMatchObject({ code: "CONFIG_UNREADABLE" });
  expect(await metric()).toBe("0");
  watcher.reload();
  await rename(aside, path);
  await waitFor("the return of the same file", async () => (await metric()) === "1");
  await unlink(path);
  await waitFor("the second complaint", () => errors.length === 2);
  await writeFile(path, "two");
  await waitFor("the return", () => applied.at(-1) === "two");
  expect(errors).toHaveLength(2);
});

test("a file that is written in pieces is taken as a whole only", async () => {
  const clock = createFakeClock(Date.UTC(2026, 10, 21, 12));
  const writeAt = async (text: string, ms: number): Promise<void> => {
    await appendFile(path, text);
    await utimes(path, ms / 1_000, ms / 1_000);
  };
  await writeAt("half", clock.now());
  const { applied } = start(() => undefined, clock);
  // It waits, because the file changed just now; the second half arrives meanwhile.
  await clock.whenSleeping();
  await writeAt(" and half", clock.now() + 150);
  while (applied.length === 0) {
    await clock.whenSleeping();
    await clock.advance(100);
  }
  expect(applied).toEqual(["half and half"]);
});

test("reload reads an unchanged file again, because secrets that it points at may have changed", async () => {
  await writeFile(path, "one");
  const { applied, watcher } = start();
  await waitFor("the start", () => applied.length === 1);
  watcher.reload();
  await waitFor("the second reading", () => applied.length === 2);
});

test("a database that fails is no fault of the file: the same file is tried again until it is applied", async () => {
  await writeFile(path, "one");
  let failures = 2;
  const { applied, warnings, errors } = start(() => {
    failures -= 1;
    if (failures >= 0) throw new AppError("DATABASE_UNREACHABLE", "away");
  });
  await waitFor("the third try", () => applied.length === 1);
  expect(warnings).toHaveLength(2);
  expect(errors).toEqual([]);
});

test("a configuration that the database side refuses counts as a bad file", async () => {
  await writeFile(path, "one");
  const { errors, results } = start(() => {
    throw new AppError("CONFIG_INVALID", "no services");
  });
  await waitFor("the refusal", () => errors.length === 1);
  expect(results[0]).toMatchObject({ kind: "rejected", errors: [{ path: "", message: "no services" }] });
});

test("after the stop nothing is read any more", async () => {
  await writeFile(path, "one");
  const { applied, watcher } = start();
  await waitFor("the start", () => applied.length === 1);
  stop.abort();
  await watcher.done;
  watcher.reload();
  await writeFile(path, "two");
  expect(applied).toEqual(["one"]);
});
