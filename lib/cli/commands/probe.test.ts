import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { command } from "#lib/cli/commands/probe.ts";
import { HOSTILE_SERVERS, listen } from "#test/support/hostile-servers.ts";
import { waitFor } from "#test/support/wait-for.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const serve = async (): Promise<string> => {
  const server = createServer((_, response) => response.end('{"status":"\\u001b[m"}'));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};

const start = (...args: string[]) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let [out, err] = ["", ""];
  stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  stderr.on("data", (chunk) => {
    err += String(chunk);
  });
  const stopping = new AbortController();
  const exitCode = command.run({ args, env: {}, stdin, stdout, stderr, signal: stopping.signal });
  const lines = () =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { stdin, exitCode, out: () => out, err: () => err, lines, stop: () => stopping.abort() };
};

describe("probe URL", () => {
  test("prints a picture of the run and exits 0 when all holds, 1 when not", async () => {
    const url = await serve();
    const good = start(url, "--allow", "127.0.0.1/32", "--assert", '{"type":"latency","value":"5s"}');
    expect(await good.exitCode).toBe(0);
    expect(good.out()).toMatch(/\u2714 ok/);
    for (const phase of ["connect", "first byte", "transfer"]) expect(good.out()).toContain(phase);
    const bad = start(url, "--allow", "127.0.0.1", "--assert", '{"type":"json_path","path":"$.status","value":"ok"}');
    expect(await bad.exitCode).toBe(1);
    expect(bad.out()).toMatch(/\u2718 body_mismatch/);
    expect(bad.out(), "what a target sends must not steer the terminal").not.toContain("\u001b");
  });

  test("with --json prints one line of JSON", async () => {
    const run = start(await serve(), "--allow", "127.0.0.1", "--json");
    expect(await run.exitCode).toBe(0);
    expect(run.lines()).toEqual([
      expect.objectContaining({ class: "ok", http_status: 200, bytes_read: 21, failures: [] }),
    ]);
  });

  test("an address that is not allowed is refused without saying why", async () => {
    const run = start("http://127.0.0.1:9/");
    expect(await run.exitCode).toBe(1);
    expect(run.out()).toContain("address not allowed");
    expect(run.out()).not.toContain("loopback");
  });

  test.each([
    { args: [] },
    { args: ["http://a.example/", "http://b.example/"] },
    { args: ["http://a.example/", "--timeout", "soon"] },
    { args: ["http://a.example/", "--header", "nothing"] },
    { args: ["http://a.example/", "--assert", "{"] },
    { args: ["http://a.example/", "--assert", '{"type":"magic"}'] },
    { args: ["http://a.example/", "--max-redirects", "many"] },
    { args: ["http://a.example/", "--ca", "/does/not/exist"] },
    { args: ["http://a.example/", "--unknown"] },
  ])("wrong usage is said so: $args", async ({ args }) => {
    await expect(start(...args).exitCode).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("probe --batch", () => {
  test("answers each line before the input ends", async () => {
    const url = await serve();
    const run = start("--batch");
    for (const id of ["a", "b"]) {
      run.stdin.write(
        `${JSON.stringify({ id, url, allow: ["127.0.0.1/32"], assertions: [{ type: "status", op: "eq", value: 200 }] })}\n`,
      );
      await waitFor("the answer", () => run.lines().some((line) => line["id"] === id));
    }
    run.stdin.end();
    expect(await run.exitCode).toBe(0);
    expect(run.err()).toBe("");
    expect(run.lines()[0]).toEqual({
      id: "a",
      class: "ok",
      detail: null,
      duration_ms: expect.any(Number),
      phases_ms: {
        dns: 0,
        connect: expect.any(Number),
        tls: null,
        first_byte: expect.any(Number),
        transfer: expect.any(Number),
      },
      http_status: 200,
      bytes_read: 21,
    });
  });

  test("a refused connection looks as documented", async () => {
    const run = start("--batch");
    run.stdin.end(
      '{"id":"a","url":"http://127.0.0.1:9/","timeout_ms":2000,"allow":["127.0.0.1/32"],"assertions":[{"type":"status","op":"eq","value":200}]}\n',
    );
    await run.exitCode;
    expect(run.lines()).toEqual([
      {
        id: "a",
        class: "connect_refused",
        detail: "ECONNREFUSED",
        duration_ms: expect.any(Number),
        phases_ms: { dns: 0, connect: expect.any(Number), tls: null, first_byte: null, transfer: null },
        http_status: null,
        bytes_read: 0,
      },
    ]);
  });

  test("a line that is no request is answered, too, and never ends the command", async () => {
    const run = start("--batch");
    const bad = [
      "{",
      "null",
      "[]",
      '{"id":7}',
      '{"id":"h","url":"http://a.example/","headers":{"a\\r\\nb":"c"}}',
      '{"id":"t","url":"http://a.example/","timeout_ms":-1}',
      '{"id":"c","url":"https://a.example/","tls_ca_file":"/does/not/exist"}',
      '{"id":"m","url":"http://a.example/","method":"CONNECT"}',
    ];
    run.stdin.end(`${bad.join("\n")}\n\n  \n`);
    expect(await run.exitCode).toBe(0);
    expect(run.lines()).toHaveLength(bad.length);
    for (const line of run.lines()) {
      expect(line).toMatchObject({ class: "internal_error", http_status: null, bytes_read: 0 });
      expect(line["detail"]).not.toBe("");
    }
    expect(run.lines().map(({ id }) => id)).toEqual(expect.arrayContaining([7, "h", "t", "c", "m", null]));
  });

  test("limits, redirects, assertions and the authority of a line are its own", async () => {
    const tlsServer = await listen(
      HOSTILE_SERVERS.find(({ name }) => name === "speaks TLS well") as (typeof HOSTILE_SERVERS)[number],
    );
    cleanUps.push(tlsServer.close);
    const url = await serve();
    const allow = ["127.0.0.0/8"];
    const caFile = fileURLToPath(new URL("../../../test/fixtures/tls/ca.pem", import.meta.url));
    const requests = [
      { id: "tls", url: tlsServer.url, allow, tls_ca_file: caFile },
      { id: "no-ca", url: tlsServer.url, allow },
      { id: "cap", url, allow, max_body_bytes: 5 },
      { id: "head", url, allow, max_header_bytes: 20 },
      { id: "slow", url, allow, assertions: [{ type: "latency", op: "lt", value: 0 }] },
      { id: "slow-text", url, allow, assertions: [{ type: "latency", op: "lt", value: "0ms" }] },
      { id: "status", url, allow, assertions: [{ type: "status", op: "in", value: ["3xx", 404] }] },
      { id: "blocked", url },
    ];
    const run = start("--batch");
    run.stdin.end(requests.map((line) => JSON.stringify(line)).join("\n"));
    await run.exitCode;
    const classes = Object.fromEntries(run.lines().map((line) => [line["id"], line["class"]]));
    expect(classes).toEqual({
      tls: "ok",
      "no-ca": "tls_error",
      cap: "too_large",
      head: "too_large",
      slow: "slow",
      "slow-text": "slow",
      status: "bad_status",
      blocked: "blocked",
    });
  });

  test("all hostile servers at once are classed right", async () => {
    const servers = await Promise.all(HOSTILE_SERVERS.map(listen));
    cleanUps.push(...servers.map(({ close }) => close));
    const caFile = fileURLToPath(new URL("../../../test/fixtures/tls/ca.pem", import.meta.url));
    const run = start("--batch");
    for (const [index, { method, timeoutMs }] of HOSTILE_SERVERS.entries()) {
      const line = {
        id: index,
        url: servers[index]?.url,
        method,
        timeout_ms: timeoutMs ?? 8_000,
        allow: ["127.0.0.1/32"],
        tls_ca_file: caFile,
      };
      run.stdin.write(`${JSON.stringify(line)}\n`);
    }
    run.stdin.end();
    await run.exitCode;
    const wrong = run.lines().filter((line) => line["class"] !== HOSTILE_SERVERS[line["id"] as number]?.expected);
    expect(wrong.map((line) => `${HOSTILE_SERVERS[line["id"] as number]?.name}: ${String(line["class"])}`)).toEqual([]);
    expect(run.lines()).toHaveLength(HOSTILE_SERVERS.length);
  });

  test("a command that is told to stop answers what runs as skipped and ends", async () => {
    const silent = await listen(
      HOSTILE_SERVERS.find(({ name }) => name === "never answers") as (typeof HOSTILE_SERVERS)[number],
    );
    cleanUps.push(silent.close);
    const run = start("--batch");
    run.stdin.write(`${JSON.stringify({ id: 1, url: silent.url, allow: ["127.0.0.1"] })}\n`);
    setTimeout(run.stop, 50);
    expect(await run.exitCode).toBe(0);
    expect(run.lines().map((line) => line["class"])).toEqual(["skipped"]);
  });
});
