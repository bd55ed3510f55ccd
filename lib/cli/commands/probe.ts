import { randomBytes } from "node:crypto";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readCaFile } from "#lib/cli/probe/read-ca-file.ts";
import { readRequest } from "#lib/cli/probe/read-request.ts";
import { resultLine } from "#lib/cli/probe/result-line.ts";
import { runBatch } from "#lib/cli/probe/run-batch.ts";
import type { TypedProbe } from "#lib/cli/probe/run-typed.ts";
import { probeOfConfig, probeOfFields } from "#lib/cli/probe/run-typed.ts";
import { shownUrl, showRun } from "#lib/cli/probe/show-run.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { HttpDeps, HttpTarget } from "#probes/checks/http.ts";
import { checkHttp } from "#probes/checks/http.ts";
import { runCheck } from "#probes/checks/index.ts";
import { targetHostOf } from "#probes/checks/target-host.ts";
import { userAgentOf } from "#probes/user-agent.ts";

const USAGE = `Usage: nines probe URL [options]
       nines probe --type TYPE FIELDS [--allow CIDR] [--ca FILE] [--json]
       nines probe --id PROBE [--config FILE] [--allow CIDR] [--ca FILE] [--json]
       nines probe --batch < requests.jsonl

  -X, --method NAME          GET unless --data is given
  -H, --header "NAME: VALUE" may be repeated
  -d, --data TEXT            body of the request
      --timeout DURATION     deadline over everything, 10s
      --connect-timeout DURATION
      --max-redirects COUNT  10; with 0 a redirect is the answer
      --assert JSON          such as '{"type":"status","op":"eq","value":204}'; may be repeated
      --allow CIDR           opens a range or name that is not globally reachable; may be repeated
      --ca FILE              trusts the authorities of this PEM file only
      --contact URL          named in the user agent
      --type TYPE            a check of another type; FIELDS are those of the configuration as JSON, such as
                             '{"name":"example.com","resolver":"9.9.9.9"}' for dns
      --id PROBE             a probe of the configuration file
      --config FILE          the file that it stands in; NINES_CONFIG, or nines.yaml
      --json                 one JSON line instead of text`;

const OPTIONS = {
  batch: { type: "boolean" },
  json: { type: "boolean" },
  method: { type: "string", short: "X" },
  header: { type: "string", short: "H", multiple: true },
  data: { type: "string", short: "d" },
  timeout: { type: "string" },
  "connect-timeout": { type: "string" },
  "max-redirects": { type: "string" },
  assert: { type: "string", multiple: true },
  allow: { type: "string", multiple: true },
  ca: { type: "string" },
  contact: { type: "string" },
  type: { type: "string" },
  id: { type: "string" },
  config: { type: "string" },
} as const;

const readArgs = (args: readonly string[]) => readOptions(args, { options: OPTIONS, allowPositionals: true });
type Values = ReturnType<typeof readArgs>["values"];

const durationOption = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === null || ms === 0) throw usageError(`--${name} must be a duration such as 800ms or 5s`);
  return ms;
};

const headersOf = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      if (colon < 1) throw usageError('--header must read "NAME: VALUE"');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );

const jsonOption = (name: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`--${name} must be JSON`);
  }
};

const targetOf = (url: string, values: Values): HttpTarget => {
  const redirects = values["max-redirects"];
  const request = readRequest(
    {
      url,
      method: values.method ?? (values.data === undefined ? "GET" : "POST"),
      headers: headersOf(values.header ?? []),
      body: values.data,
      timeout_ms: durationOption("timeout", values.timeout),
      connect_timeout_ms: durationOption("connect-timeout", values["connect-timeout"]),
      max_redirects: redirects === undefined ? undefined : Number(redirects),
      assertions: (values.assert ?? []).map((text) => jsonOption("assert", text)),
      allow: values.allow,
      tls_ca_file: values.ca,
    },
    readCaFile,
  );
  if (request.kind === "unreadable") throw usageError(request.reason);
  return request.target;
};

const wantsColour = ({ stdout, env }: CommandContext): boolean =>
  "isTTY" in stdout && stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";

const probeOnce = async (
  context: CommandContext,
  target: HttpTarget,
  isJson: boolean,
  deps: HttpDeps,
): Promise<ExitCode> => {
  const { outcome } = await checkHttp(target, deps);
  const now = deps.clock.now();
  const line = {
    ...resultLine(null, outcome),
    url: shownUrl(target.url),
    failures: outcome.failures,
    address: outcome.address,
  };
  if (isJson) context.stdout.write(`${JSON.stringify(line)}\n`);
  else context.stdout.write(showRun({ target, outcome, now, withColour: wantsColour(context) }));
  return outcome.class === "ok" ? 0 : 1;
};

/** The probe that `--type` or `--id` stands for; null when an address is asked for. */
const typedProbeOf = async (
  values: Values,
  [fields, ...more]: readonly string[],
  env: CommandContext["env"],
): Promise<TypedProbe | null> => {
  const { type, id, config, allow = [] } = values;
  if (type === undefined && id === undefined) return null;
  if (type !== undefined && id !== undefined) throw usageError("--type and --id cannot stand together");
  if (type === undefined) {
    if (fields !== undefined) throw usageError("--id takes no address");
    return probeOfConfig(id ?? "", config, allow, env);
  }
  if (fields === undefined || more.length > 0) throw usageError("the fields of the probe are due as one JSON object");
  return probeOfFields(type, fields, allow, env);
};

const probeTyped = async (
  context: CommandContext,
  { definition, allow }: TypedProbe,
  values: Values,
  deps: HttpDeps,
): Promise<ExitCode> => {
  const caPem = values.ca === undefined ? null : readCaFile(values.ca);
  const { outcome, parts = [] } = await runCheck(definition, { ...deps, allow, caPem });
  const assertions = "assertions" in definition ? definition.assertions : [];
  if (values.json === true) {
    const shownParts = parts.map((part) => ({ name: part.name, ...resultLine(part.key, part.outcome) }));
    const line = { ...resultLine(definition.id, outcome), type: definition.type, failures: outcome.failures };
    context.stdout.write(`${JSON.stringify({ ...line, address: outcome.address, parts: shownParts })}\n`);
  } else {
    const target = { method: definition.type, url: targetHostOf(definition), assertions };
    const now = deps.clock.now();
    context.stdout.write(showRun({ target, outcome, parts, now, withColour: wantsColour(context) }));
  }
  return outcome.class === "ok" ? 0 : 1;
};

export const command: Command = {
  summary: "run a check once and show where the time went; --batch runs many, one JSON line each",
  usage: USAGE,
  run: async (context): Promise<ExitCode> => {
    const { values, positionals } = readArgs(context.args);
    const deps: HttpDeps = {
      clock: systemClock,
      randomBytes,
      userAgent: userAgentOf(values.contact ?? null),
      signal: context.signal,
    };
    if (values.batch === true) {
      await runBatch({ stdin: context.stdin, stdout: context.stdout, deps });
      return 0;
    }
    const typed = await typedProbeOf(values, positionals, context.env);
    if (typed !== null) return probeTyped(context, typed, values, deps);
    const [url] = positionals;
    if (url === undefined || positionals.length > 1) throw usageError("one URL is due, or --batch");
    return probeOnce(context, targetOf(url, values), values.json === true, deps);
  },
};
