import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IcmpProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { readPing } from "#lib/egress/ping.ts";
import { icmpCheckWith } from "#probes/checks/icmp.ts";
import { checkDeps, openHandles } from "#test/support/check-world.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import { waitFor } from "#test/support/wait-for.ts";

const probe = (changes: Partial<IcmpProbeDefinition> = {}): IcmpProbeDefinition => ({
  id: "echo",
  type: "icmp",
  intervalMs: durationMs(30_000),
  timeoutMs: durationMs(5_000),
  locations: ["here"],
  host: "127.0.0.1",
  count: 1,
  assertions: [],
  ...changes,
});

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nines-ping-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** A program in place of ping that runs this script, and the check that uses it. */
const checkWithPing = (script: string) => {
  made += 1;
  const path = join(folder, `ping-${made}`);
  writeFileSync(path, `#!${process.execPath}\n${script}`);
  chmodSync(path, 0o755);
  return icmpCheckWith({ v4: [path], v6: [path] });
};
const reply = (ms: number) => `console.log("64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=${ms} ms")`;

describe("what ping prints is read", () => {
  test.each([
    [
      "iputils",
      "PING 1.1.1.1 (1.1.1.1) 56(84) bytes of data.\n64 bytes from 1.1.1.1: icmp_seq=1 ttl=57 time=4.05 ms\n",
      4.05,
    ],
    ["iputils, IPv6", "PING ::1(::1) 56 data bytes\n64 bytes from ::1: icmp_seq=1 ttl=64 time=0.150 ms\n", 0.15],
    [
      "macOS",
      "PING 1.1.1.1 (1.1.1.1): 56 data bytes\n64 bytes from 1.1.1.1: icmp_seq=0 ttl=57 time=12.345 ms\n",
      12.345,
    ],
    ["busybox", "PING 1.1.1.1 (1.1.1.1): 56 data bytes\n64 bytes from 1.1.1.1: seq=0 ttl=64 time=0.050 ms\n", 0.05],
    ["macOS, IPv6", "PING6(56=40+8+8 bytes) ::1 --> ::1\n16 bytes from ::1, icmp_seq=0 hlim=64 time=0.089 ms\n", 0.089],
  ])("%s: an answer", (_name, output, rttMs) => {
    expect(readPing(output, 0)).toMatchObject({ kind: "answered", rttMs });
    const said = /(?:ttl|hlim)=(\d+)/.exec(output)?.[1];
    expect(readPing(output, 0)).toMatchObject({ hopLimit: said === undefined ? null : Number(said) });
  });

  test.each<[string, string, number | null, string, string]>([
    ["iputils, silence", "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n", 1, "timeout", "no answer"],
    ["macOS, silence", "1 packets transmitted, 0 packets received, 100.0% packet loss\n", 2, "timeout", "no answer"],
    ["ended while waiting", "PING 1.1.1.1 (1.1.1.1) 56(84) bytes of data.\n", null, "timeout", "no answer"],
    [
      "iputils, a router refuses",
      "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n",
      1,
      "connect_timeout",
      "EHOSTUNREACH",
    ],
    [
      "inetutils, a router refuses",
      "92 bytes from 10.0.0.1: Destination Port Unreachable\n",
      1,
      "connect_timeout",
      "EHOSTUNREACH",
    ],
    ["macOS, no route", "ping: sendto: No route to host\n", 2, "connect_timeout", "EHOSTUNREACH"],
    ["no network", "ping: connect: Network is unreachable\n", 2, "internal_error", "ENETUNREACH"],
    ["not permitted", "ping: socket: Operation not permitted\n", 2, "blocked", "ping is not permitted on this system"],
    [
      "busybox, not permitted",
      "ping: permission denied (are you root?)\n",
      1,
      "blocked",
      "ping is not permitted on this system",
    ],
    ["something else", "usage: ping [-AaDdfnoQqRrv]\n", 64, "internal_error", "ping failed"],
  ])("%s", (_name, output, code, name, detail) => {
    expect(readPing(output, code)).toEqual({ kind: "failed", class: name, detail });
  });
});

describe("echo requests", () => {
  test("the program gets a number and the judged address, no shell and nothing of our environment", async () => {
    const seen = join(folder, "seen.json");
    const check = checkWithPing(
      `require("fs").writeFileSync(${JSON.stringify(seen)}, JSON.stringify([process.argv.slice(2), process.env]));${reply(3)}`,
    );
    const resolver = async () => ["127.0.0.1"];
    const { outcome, traceId } = await check(probe({ host: "router.example.com" }), checkDeps({ resolver }));
    expect(outcome).toMatchObject({ class: "ok", durationUs: 3_000, bytesRead: 64, address: "127.0.0.1" });
    expect(outcome.phasesUs).toMatchObject({ firstByte: 3_000, connect: null });
    expect(outcome.phasesUs.dns).not.toBeNull();
    expect(traceId).toBeNull();
    expect(JSON.parse(readFileSync(seen, "utf8"))).toEqual([["-n", "-c", "1", "127.0.0.1"], { LC_ALL: "C" }]);
  });

  test("one answer of three is good, and the mean counts those that were answered", async () => {
    const counter = join(folder, "counter");
    const check = checkWithPing(
      `const fs = require("fs"); const n = fs.existsSync(${JSON.stringify(counter)}) ? 2 : 1;
       fs.writeFileSync(${JSON.stringify(counter)}, "x"); if (n === 1) ${reply(8)}; else { console.log("1 packets transmitted, 0 received"); process.exitCode = 1; }`,
    );
    expect((await check(probe({ count: 3 }), checkDeps())).outcome).toMatchObject({ class: "ok", durationUs: 8_000 });
  });

  test("latency is judged by the round trip, not by how long the program took", async () => {
    const check = checkWithPing(reply(8));
    const with_ = (valueMs: number) =>
      probe({ assertions: [{ type: "latency", op: "lt", valueMs: durationMs(valueMs) }] });
    expect((await check(with_(9), checkDeps())).outcome.class).toBe("ok");
    expect((await check(with_(8), checkDeps())).outcome.class).toBe("slow");
  });

  test("silence is a timeout at the deadline, shared by all requests, and no process is left", async () => {
    const pids = join(folder, "pids");
    const before = openHandles();
    const check = checkWithPing(
      `require("fs").appendFileSync(${JSON.stringify(pids)}, process.pid + "\\n"); setInterval(() => console.log("x".repeat(10000)), 1);`,
    );
    const elapsedMs = startStopwatch();
    const { outcome } = await check(probe({ count: 2, timeoutMs: durationMs(1_000) }), checkDeps());
    expect(outcome).toMatchObject({ class: "timeout", detail: "no answer to 2 requests", bytesRead: 0 });
    expect(elapsedMs()).toBeLessThan(1_500);
    const isAlive = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    await waitFor("the programs to be gone", () => started.every((pid) => !isAlive(pid)));
    await waitFor("everything to be closed", () => openHandles() <= before);
  });

  test("a shutdown ends it at once as skipped", async () => {
    const running = join(folder, "running");
    const check = checkWithPing(
      `require("fs").writeFileSync(${JSON.stringify(running)}, ""); setInterval(() => {}, 1000);`,
    );
    const shutdown = new AbortController();
    const result = check(probe({ timeoutMs: durationMs(60_000) }), checkDeps({ signal: shutdown.signal }));
    await waitFor("the program to run", () => readFileSync(running, "utf8") === "");
    shutdown.abort();
    expect((await result).outcome).toMatchObject({ class: "skipped", detail: "shutdown" });
    expect((await check(probe(), checkDeps({ signal: shutdown.signal }))).outcome.class).toBe("skipped");
  });

  test("without a program, or with one that cannot be run, it is blocked and says why", async () => {
    const missing = icmpCheckWith({ v4: [join(folder, "no-ping")], v6: [] });
    const text = join(folder, "text");
    writeFileSync(text, "#!/nowhere/interpreter\n");
    const locked = icmpCheckWith({ v4: [text], v6: [] });
    for (const check of [missing, locked])
      expect((await check(probe(), checkDeps())).outcome).toMatchObject({
        class: "blocked",
        detail: "no ping program on this system",
      });
    chmodSync(text, 0o755);
    expect((await locked(probe(), checkDeps())).outcome).toMatchObject({
      class: "blocked",
      detail: "ping cannot be run on this system",
    });
  });

  test("an address that is not allowed is never handed to the program, whoever names it", async () => {
    const touched = join(folder, "touched");
    const check = checkWithPing(`require("fs").writeFileSync(${JSON.stringify(touched)}, "");`);
    const resolver = async () => ["8.8.8.8", "10.0.0.1"];
    for (const host of ["10.0.0.1", "fe80::1%eth0", "-f", "a b", "localhost", "two-faced.example.com"])
      expect((await check(probe({ host }), checkDeps({ allow: [], resolver }))).outcome, host).toMatchObject({
        class: "blocked",
        detail: "address not allowed",
        address: null,
      });
    expect(() => readFileSync(touched)).toThrow("ENOENT");
  });
});
