import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/runtime/clock.ts";
import { runBatch } from "./run-batch.ts";

type Line = { id: unknown; class: string; detail: string | null };

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part)).on("end", () => response.end(Buffer.concat(parts)));
});
const folder = mkdtempSync(join(tmpdir(), "nines-batch-"));
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const open = () => {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stop = new AbortController();
  const ended = runBatch({
    stdin,
    stdout,
    deps: { clock: systemClock, randomBytes: () => Buffer.alloc(8), userAgent: "test", signal: stop.signal },
  }).finally(() => stdout.end());
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Line> => JSON.parse((await answers.next()).value ?? "null");
  return { stdin, stop, ended, next };
};

const answersTo = async (input: string): Promise<Line[]> => {
  const { stdin, ended, next } = open();
  stdin.end(input);
  const lines: Line[] = [];
  for (let line = await next(); line !== null; line = await next()) lines.push(line);
  await ended;
  return lines;
};

const request = (fields: object): string => JSON.stringify({ url, allow: ["127.0.0.1/32"], ...fields });

describe("a batch of requests", () => {
  test("is answered line by line, before the input ends", async () => {
    const { stdin, ended, next } = open();
    stdin.write(`${request({ id: "first" })}\n`);
    expect(await next()).toMatchObject({ id: "first", class: "ok" });
    stdin.end(request({ id: "last, without a line end" }));
    expect(await next()).toMatchObject({ id: "last, without a line end", class: "ok" });
    await ended;
  });

  test("keeps a line whole that holds U+2028 or U+2029, even cut in the middle of one", async () => {
    const body = "a\u2028b\u2029c";
    const bytes = Buffer.from(
      request({ id: 1, method: "POST", body, assertions: [{ type: "body", op: "eq", value: body }] }),
    );
    const { stdin, ended, next } = open();
    const cut = bytes.indexOf(0xe2) + 1;
    stdin.write(bytes.subarray(0, cut));
    stdin.end(bytes.subarray(cut));
    expect(await next()).toMatchObject({ id: 1, class: "ok" });
    await ended;
  });

  test("passes over a byte order mark, carriage returns and empty lines, and answers what is not JSON", async () => {
    const lines = await answersTo(`\uFEFF${request({ id: "bom" })}\r\n\r\n  \n{"id":\n`);
    expect(lines.toSorted((a, b) => String(a.id).localeCompare(String(b.id)))).toMatchObject([
      { id: "bom", class: "ok" },
      { id: null, class: "internal_error", detail: "line: not JSON" },
    ]);
  });

  test("takes no file of authorities that is missing, a folder, too large or without a certificate", async () => {
    const large = join(folder, "large.pem");
    const empty = join(folder, "empty.pem");
    writeFileSync(large, "-----BEGIN CERTIFICATE-----".repeat(40_000));
    writeFileSync(empty, "no certificate");
    const paths = [join(folder, "missing.pem"), folder, large, empty];
    const lines = await answersTo(
      paths.map((path, id) => JSON.stringify({ id, url: "https://127.0.0.1:1/", tls_ca_file: path })).join("\n"),
    );
    expect(lines).toHaveLength(4);
    for (const line of lines)
      expect(line).toMatchObject({ class: "internal_error", detail: "tls_ca_file: cannot be read" });
  });

  test("ends when it is told to, although the input stays open", async () => {
    const { stdin, stop, ended, next } = open();
    stdin.write(`${request({ id: 1 })}\n`);
    await next();
    stop.abort();
    await ended;
    expect(stdin.isPaused()).toBe(true);
  });
});
