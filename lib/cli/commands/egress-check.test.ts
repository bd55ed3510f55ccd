import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { command } from "./egress-check.ts";

const run = async (input: string, args: readonly string[] = []) => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const signal = new AbortController().signal;
  const code = await command.run({ args, env: {}, stdin: Readable.from([input]), stdout, stderr, signal });
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), err: await text(stderr) };
};

describe("egress-check", () => {
  test("answers every row in order, also those that cannot be read", async () => {
    const { code, out } = await run(
      JSON.stringify([
        { url: "http://10.0.0.1/" },
        5,
        { url: "http://hop.example/", redirects: [{ url: "http://hop.example/", resolves: ["10.0.0.1"] }] },
      ]),
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual([
      { url: "http://10.0.0.1/", verdict: "deny", stage: "literal", reason: "private address" },
      { url: null, verdict: "deny", stage: "parse", reason: "entry is not valid" },
      { url: "http://hop.example/", verdict: "deny", stage: "resolve", reason: "resolves to a private address" },
    ]);
  });

  test.each([
    ["no JSON", "{", []],
    ["no array", "{}", []],
    ["nothing", "", []],
    ["an unknown flag", "[]", ["--nope"]],
    ["an allowed range that is none", "[]", ["--allow", "10.0.0.0/99"]],
  ])("%s is wrong usage, with nothing on standard output", async (_name, input, args) => {
    const { code, out, err } = await run(input, args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("usage: nines egress-check");
  });
});
