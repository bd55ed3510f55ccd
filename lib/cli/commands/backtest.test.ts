import { readdirSync, readFileSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { command } from "./backtest.ts";

const folder = fileURLToPath(new URL("../../../test/fixtures/slo-cases/cases/", import.meta.url));
const caseNames = readdirSync(folder).filter((name) => name.endsWith(".json"));

const run = async (...args: string[]) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const stdin = Readable.from([]);
  const exitCode = await command.run({ args, env: {}, stdin, stdout, stderr, signal: new AbortController().signal });
  stdout.end();
  stderr.end();
  const [out, err] = await outputs;
  return { exitCode, out, err };
};

/** Replaces each number of `seen` by the one of `due` when they are within 1e-9, so that the rest is compared exactly. */
const snapTo = (due: unknown, seen: unknown): unknown => {
  if (typeof due === "number" && typeof seen === "number") {
    return Math.abs(due - seen) <= 1e-9 * Math.max(1, Math.abs(due)) ? due : seen;
  }
  if (Array.isArray(due) && Array.isArray(seen)) return seen.map((item, index) => snapTo(due[index], item));
  if (due !== null && seen !== null && typeof due === "object" && typeof seen === "object") {
    return Object.fromEntries(
      Object.entries(seen).map(([key, value]) => [key, snapTo((due as Record<string, unknown>)[key], value)]),
    );
  }
  return seen;
};

test.each(caseNames)("the recorded case %s is answered exactly", async (name) => {
  const { expected } = JSON.parse(readFileSync(`${folder}${name}`, "utf8")) as { expected: object };
  const { exitCode, out } = await run("--case", `${folder}${name}`);
  expect(exitCode).toBe(0);
  const { name: seenName, ...answer } = JSON.parse(out) as Record<string, unknown>;
  expect(`${String(seenName)}.json`).toBe(name);
  const due = expected as Record<string, unknown>;
  expect(answer["alerts"]).toEqual(due["alerts"]);
  expect(answer["alerts_28d_policy"]).toEqual(due["alerts_28d_policy"]);
  expect(snapTo(due, answer)).toEqual(due);
});

test("sixteen cases are there, and several files give one line each in their order", async () => {
  expect(caseNames).toHaveLength(16);
  const { exitCode, out } = await run("--case", ...caseNames.slice(0, 3).map((name) => `${folder}${name}`));
  expect(exitCode).toBe(0);
  const names = out.trimEnd().split("\n");
  expect(names.map((line) => `${(JSON.parse(line) as { name: string }).name}.json`)).toEqual(caseNames.slice(0, 3));
});

test("a missing file is named and the other ones are answered", async () => {
  const { exitCode, out, err } = await run("--case", `${folder}none.json`, "--case", `${folder}${caseNames[0]}`);
  expect(exitCode).toBe(1);
  expect(err).toContain("none.json: no such file");
  expect(out.trimEnd().split("\n")).toHaveLength(1);
});

test("a file that is no case says what is wrong", async () => {
  const { exitCode, err } = await run("--case", fileURLToPath(new URL("../../../package.json", import.meta.url)));
  expect(exitCode).toBe(1);
  expect(err).toContain("end_minute");
});

test.each([{ args: [] }, { args: ["--nonsense"] }, { args: ["file.json"] }])(
  "wrong usage %o exits with 2",
  async ({ args }) => {
    const { exitCode, err } = await run(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain("usage:");
  },
);
