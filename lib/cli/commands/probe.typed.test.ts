import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { command } from "#lib/cli/commands/probe.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { answerTo, DATA, record, startDnsServer } from "#test/support/dns-server.ts";
import { startRawServer } from "#test/support/raw-server.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const run = async (...args: string[]) => {
  const stdout = new PassThrough();
  let out = "";
  stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  const { signal } = new AbortController();
  const context = { args, env: {}, stdin: new PassThrough(), stdout, stderr: new PassThrough(), signal };
  const exitCode = await command.run(context);
  return { exitCode, out };
};

test("a probe of any type runs from its fields, and says what was due and what came", async () => {
  const server = await startDnsServer((query, reply) =>
    reply(answerTo(query, { records: [record("A", DATA.A("192.0.2.1"))] })),
  );
  cleanUps.push(server.close);
  const fields = { name: "example.com", resolver: "127.0.0.1", port: server.port };
  const good = await run("--type", "dns", JSON.stringify(fields), "--allow", "127.0.0.1");
  expect(good.exitCode).toBe(0);
  expect(good.out).toContain(`dns 127.0.0.1:${server.port}`);
  const wanted = { ...fields, expect: { answers: ["192.0.2.2"] } };
  const bad = await run("--type", "dns", JSON.stringify(wanted), "--allow", "127.0.0.1");
  expect(bad.exitCode).toBe(1);
  expect(bad.out).toContain("answers 192.0.2.2, got 192.0.2.1");
  const json = await run("--type", "dns", JSON.stringify(wanted), "--allow", "127.0.0.1", "--json");
  expect(JSON.parse(json.out)).toMatchObject({ id: "probe", type: "dns", class: "body_mismatch", parts: [] });
});

test("faults of the fields are told by their names", async () => {
  const fault = run("--type", "tcp", '{"host":"db.example.com","prt":5432}');
  await expect(fault).rejects.toThrow('prt: there is no field "prt" here (did you mean "port"?)');
  await expect(run("--type", "tcp", '{"host":"10.0.0.1","port":1}')).rejects.toThrow(/refused by the address policy/);
  await expect(run("--type", "tcp", "[]")).rejects.toThrow(/JSON object/);
  await expect(run("--type", "tcp")).rejects.toThrow(/JSON object/);
  await expect(run("--type", "tcp", "--id", "x", "{}")).rejects.toThrow(/cannot stand together/);
});

test("a probe of the configuration runs by its id", async () => {
  const server = await startRawServer({ serve: (socket) => socket.end("+OK\r\n") });
  const folder = mkdtempSync(join(tmpdir(), "nines-probe-"));
  cleanUps.push(server.close, () => rmSync(folder, { recursive: true }));
  const file = join(folder, "nines.yaml");
  const probe = `{ id: mail, type: tcp, host: 127.0.0.1, port: ${server.port}, expect: "OK", interval: 30s, locations: [fra] }`;
  writeFileSync(
    file,
    `version: 1\negress: { allow: [127.0.0.1] }\nlocations: [{ id: fra }]\nservices: [{ id: m, name: M, probes: [${probe}] }]\n`,
  );
  expect((await run("--id", "mail", "--config", file)).exitCode).toBe(0);
  const unknown = await run("--id", "male", "--config", file).catch((error: unknown) => errorCodeOf(error));
  expect(unknown).toBe("NOT_FOUND");
});
