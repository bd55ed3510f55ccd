import { readFileSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { command } from "./calendar-window.ts";

const run = async (input: string, ...args: string[]) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const signal = new AbortController().signal;
  const exitCode = await command.run({ args, env: {}, stdin: Readable.from([input]), stdout, stderr, signal });
  stdout.end();
  stderr.end();
  const [out, err] = await outputs;
  return { exitCode, out, err };
};
const ROW = {
  timeZone: "Europe/Berlin",
  duration: "1M",
  startTime: "2025-01-31 00:00:00",
  instant: "2026-02-10T12:00:00Z",
};

test("the transcript of the documentation is reproduced byte for byte", async () => {
  const { exitCode, out } = await run(JSON.stringify([ROW]));
  expect(exitCode).toBe(0);
  expect(out).toBe(
    '[{"timeZone":"Europe/Berlin","duration":"1M","startTime":"2025-01-31 00:00:00","instant":"2026-02-10T12:00:00Z","index":12,"window_start":"2026-01-30T23:00:00Z","window_end":"2026-02-27T23:00:00Z","length_minutes":40320}]\n',
  );
});

test("every window of the sample file agrees", async () => {
  const url = new URL("../../../test/fixtures/slo-cases/calendar_windows_sample.json", import.meta.url);
  const { windows } = JSON.parse(readFileSync(url, "utf8")) as { windows: Record<string, unknown>[] };
  const rows = windows.map(({ timeZone, duration, startTime, instant }) => ({
    timeZone,
    duration,
    startTime,
    instant,
  }));
  const { out } = await run(JSON.stringify(rows));
  expect(JSON.parse(out)).toEqual(windows.map(({ local_start: _unused, ...row }) => row));
});

test.each([
  { name: "an unknown zone", input: [{ ...ROW, timeZone: "Mars/Olympus" }], message: "row 0: timeZone" },
  { name: "an unknown unit", input: [ROW, { ...ROW, duration: "1s" }], message: "row 1: duration" },
  {
    name: "a date that does not exist",
    input: [{ ...ROW, startTime: "2025-02-30 00:00:00" }],
    message: "row 0: startTime",
  },
  { name: "a wrong instant", input: [{ ...ROW, instant: "yesterday" }], message: "row 0: instant" },
  { name: "a missing field", input: [{ ...ROW, instant: undefined }], message: "row 0: instant" },
  { name: "a row that is no object", input: [1], message: "row 0" },
  { name: "no array", input: ROW, message: "JSON array" },
])("$name is refused with a message", async ({ input, message }) => {
  const { exitCode, out, err } = await run(JSON.stringify(input));
  expect(exitCode).toBe(2);
  expect(out).toBe("");
  expect(err).toContain(message);
});

test("input that is not JSON and unknown flags are wrong usage", async () => {
  expect((await run("{")).exitCode).toBe(2);
  expect((await run("[]", "--nonsense")).exitCode).toBe(2);
});
