import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { isIP } from "node:net";
import type { DurationUs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import { failed } from "./end-once.ts";
import { lookUpHost } from "./look-up.ts";
import type { Resolver } from "./resolve-target.ts";
import { createStopwatch } from "./stopwatch.ts";
import type { Failure } from "./types.ts";

export type PingArgs = {
  readonly host: string;
  readonly count: number;
  readonly timeoutMs: number;
  readonly allow: AllowList;
  readonly resolver?: Resolver | undefined;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, "monotonicMs">;
};

/** Where the system's program may be; the first that can be run is used. Absolute paths only: nothing is searched for. */
export type PingPrograms = { readonly v4: readonly string[]; readonly v6: readonly string[] };

/** `hopLimit`: what was left of it when the answer came (IPv4 calls it TTL); null when the program does not say. */
export type Echo =
  | { readonly kind: "answered"; readonly rttMs: number; readonly bytes: number; readonly hopLimit: number | null }
  | Failure;

export type Pinged = {
  /** One for each request, in order; a failure alone when none could be sent. */
  readonly echoes: readonly Echo[];
  readonly address: string | null;
  readonly dnsUs: DurationUs | null;
  readonly elapsedMs: number;
};

const PLACES = ["/bin/ping", "/usr/bin/ping", "/sbin/ping", "/usr/sbin/ping"];
export const SYSTEM_PING: PingPrograms = {
  v4: PLACES,
  v6: process.platform === "darwin" ? ["/sbin/ping6"] : PLACES,
};

/** All that the program gets of an environment: its output in the language that is read here. */
const ENVIRONMENT: NodeJS.ProcessEnv = Object.assign(Object.create(null), { LC_ALL: "C" });
const MAX_OUTPUT_CHARACTERS = 8_192;
/** A killed process is gone at once; should the kernel hold it, the check does not wait for it. */
const GONE_WITHIN_MS = 250;

/** "64 bytes from 1.1.1.1: icmp_seq=1 ttl=57 time=4.05 ms" (iputils, macOS, busybox: the same from "bytes" on). */
const REPLY = /^(\d+) bytes from .*\btime[=<]([\d.]+) ?ms/m;
const HOP_LIMIT = /\b(?:ttl|hlim)=(\d{1,3})\b/;

/** Reads what one run of ping with one request has printed. `exitCode` null: it was ended. */
export const readPing = (output: string, exitCode: number | null): Echo => {
  const reply = REPLY.exec(output);
  if (reply !== null) {
    const hopLimit = HOP_LIMIT.exec(reply[0]);
    return {
      kind: "answered",
      bytes: Number(reply[1]),
      rttMs: Number(reply[2]),
      hopLimit: hopLimit === null ? null : Number(hopLimit[1]),
    };
  }
  if (/not permitted|permission denied|lacking privilege|are you root/i.test(output))
    return failed("blocked", "ping is not permitted on this system");
  if (/^From .* unreachable|Destination .* Unreachable|no route to host/im.test(output))
    return failed("connect_timeout", "EHOSTUNREACH");
  if (/network is unreachable|address family|cannot assign/i.test(output))
    return failed("internal_error", "ENETUNREACH");
  // 0 packets received: iputils and busybox end with 1, macOS with 2.
  if (exitCode === null || /\b0 (packets )?received/.test(output)) return failed("timeout", "no answer");
  return failed("internal_error", "ping failed");
};

const findProgram = async (places: readonly string[]): Promise<string | null> => {
  for (const path of places) {
    const canRun = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (canRun) return path;
  }
  return null;
};

type Request = { readonly program: string; readonly address: string; readonly patienceMs: number };

/** One request. No shell takes part, and what is passed is a number of ours and an address that was judged. */
const sendEcho = ({ program, address, patienceMs }: Request, signal: AbortSignal): Promise<Echo> =>
  new Promise((settle) => {
    if (signal.aborted) return settle(failed("skipped", "shutdown"));
    const child = spawn(program, ["-n", "-c", "1", address], {
      shell: false,
      stdio: ["ignore", "pipe", "pipe"],
      env: ENVIRONMENT,
    });
    let output = "";
    let verdict: Echo | null = null;
    const timers: NodeJS.Timeout[] = [];
    const settleWith = (echo: Echo) => {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      settle(echo);
    };
    const end = (echo: Echo) => {
      if (verdict !== null) return;
      verdict = echo;
      child.kill("SIGKILL");
      timers.push(setTimeout(() => settleWith(echo), GONE_WITHIN_MS));
    };
    const onAbort = () => end(failed("skipped", "shutdown"));
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString("latin1")).slice(0, MAX_OUTPUT_CHARACTERS);
    };
    signal.addEventListener("abort", onAbort);
    timers.push(setTimeout(() => end(readPing(output, null)), Math.max(0, patienceMs)));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", () => settleWith(failed("blocked", "ping cannot be run on this system")));
    child.once("close", (code) => settleWith(verdict ?? readPing(output, code)));
  });

/**
 * Sends echo requests one after another to one checked address of a host, through the system's own program, since Node
 * has no ICMP. Each one waits for its share of the time that is left. Never rejects; ends within the deadline and
 * 500 ms with no process left.
 */
export const ping = async (args: PingArgs, programs: PingPrograms = SYSTEM_PING): Promise<Pinged> => {
  const stopwatch = createStopwatch(args.clock.monotonicMs);
  const target = await lookUpHost(args.host, { ...args, stopwatch });
  const dnsUs = stopwatch.phasesUs().dns;
  const pinged = (address: string | null, echoes: readonly Echo[]): Pinged => ({
    echoes,
    address,
    dnsUs,
    elapsedMs: stopwatch.elapsedMs(),
  });
  if (target.kind === "failed") return pinged(null, [target]);
  const address = target.addresses[0] ?? "";
  const version = isIP(address);
  if (version === 0) return pinged(null, [failed("dns_error", "ENODATA")]);
  const program = await findProgram(version === 6 ? programs.v6 : programs.v4);
  if (program === null) return pinged(null, [failed("blocked", "no ping program on this system")]);
  const echoes: Echo[] = [];
  while (echoes.length < args.count) {
    const remainingMs = args.timeoutMs - stopwatch.elapsedMs();
    const patienceMs = remainingMs / (args.count - echoes.length);
    const echo =
      remainingMs <= 0 ? failed("timeout", "no answer") : await sendEcho({ program, address, patienceMs }, args.signal);
    echoes.push(echo);
    if (echo.kind === "failed" && (echo.class === "blocked" || echo.class === "skipped")) break;
  }
  return pinged(address, echoes);
};
