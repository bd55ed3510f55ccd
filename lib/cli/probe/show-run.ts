import { nameOfAssertion } from "#lib/core/assertions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { DAY_MS } from "#lib/core/units.ts";
import { redactText } from "#lib/runtime/redact.ts";
import type { CheckPart } from "#probes/checks/check.ts";
import type { HttpTarget } from "#probes/checks/http.ts";

type ShowArgs = {
  readonly target: Pick<HttpTarget, "method" | "url" | "assertions">;
  /** Steps of a journey or entries of a health document. */
  readonly parts?: readonly CheckPart[];
  readonly outcome: Outcome;
  readonly now: EpochMs;
  readonly withColour: boolean;
};

const BAR_WIDTH = 40;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a target sends must not steer the terminal
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;
const printable = (text: string): string => text.replaceAll(CONTROLS, "\u00b7");

const COLOURS = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 } as const;
type Paint = (colour: keyof typeof COLOURS, text: string) => string;
const painter =
  (withColour: boolean): Paint =>
  (colour, text) =>
    withColour ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;

const msText = (us: DurationUs): string => `${(us / 1_000).toFixed(us < 100_000 ? 1 : 0)} ms`;
const bytesText = (bytes: number): string => (bytes < 1_000 ? `${bytes} B` : `${(bytes / 1_000).toFixed(1)} kB`);

/** One line a phase: when it began and how long it took, on one scale. */
const phaseLines = ({ phasesUs, durationUs }: Outcome, paint: Paint): string[] => {
  const phases: readonly (readonly [string, DurationUs | null])[] = [
    ["dns", phasesUs.dns],
    ["connect", phasesUs.connect],
    ["tls", phasesUs.tls],
    ["first byte", phasesUs.firstByte],
    ["transfer", phasesUs.transfer],
  ];
  const scale = BAR_WIDTH / Math.max(durationUs, 1);
  let beganUs = 0;
  return phases.flatMap(([name, us]) => {
    if (us === null) return [];
    const from = Math.min(BAR_WIDTH - 1, Math.round(beganUs * scale));
    const length = Math.max(1, Math.min(BAR_WIDTH - from, Math.round(us * scale)));
    beganUs += us;
    const bar = `${" ".repeat(from)}${"\u2588".repeat(length)}`.padEnd(BAR_WIDTH);
    return [`  ${name.padEnd(11)}${paint("dim", bar)} ${msText(us).padStart(10)}`];
  });
};

const certificateLines = ({ certificateExpiresAt }: Outcome, now: EpochMs, paint: Paint): string[] => {
  if (certificateExpiresAt === null) return [];
  const days = Math.floor((certificateExpiresAt - now) / DAY_MS);
  const text = `valid until ${new Date(certificateExpiresAt).toISOString().slice(0, 10)} (${days} days left)`;
  return [`  certificate ${days < 14 ? paint("yellow", text) : text}`];
};

const assertionLines = ({ target, outcome }: ShowArgs, paint: Paint): string[] => {
  const answered = ["ok", "slow", "bad_status", "body_mismatch"].includes(outcome.class) || outcome.failures.length > 0;
  if (!answered) return [];
  const names = new Set(target.assertions.map(nameOfAssertion));
  const others = outcome.failures
    .filter(({ assertion }) => !names.has(assertion))
    .map(({ assertion, expected, seen }) => {
      const got = printable(seen).slice(0, 120);
      return `  ${paint("red", "\u2718")} ${printable(`${assertion} ${expected}`)}, got ${got}`;
    });
  const asserted = target.assertions.map((assertion) => {
    const name = nameOfAssertion(assertion);
    const expected = assertion.type === "latency" ? `${assertion.valueMs} ms` : JSON.stringify(assertion.value);
    const failure = outcome.failures.find((each) => each.assertion === name && each.expected !== "") ?? null;
    if (failure === null) return `  ${paint("green", "\u2714")} ${printable(`${name} ${expected}`)}`;
    const seen = printable(failure.seen).slice(0, 120);
    return `  ${paint("red", "\u2718")} ${printable(`${name} ${expected}`)}, got ${seen}`;
  });
  return [...asserted, ...others];
};

const partLines = ({ parts = [] }: ShowArgs, paint: Paint): string[] =>
  parts.map(({ name, outcome }) => {
    const mark = outcome.class === "ok" ? paint("green", "\u2714") : paint("red", "\u2718");
    const detail = outcome.detail === null ? "" : `: ${printable(outcome.detail)}`;
    return `  ${mark} ${printable(name)}  ${outcome.class}${detail}  ${msText(outcome.durationUs)}`;
  });

/** The address as it may be shown: a user name and password before the host (such targets are always blocked) are not. */
export const shownUrl = (url: string): string => (/^[^/?#]*:[/\\]*[^/\\?#]*@/.test(url) ? redactText(url) : url);

const headline = ({ target, outcome }: ShowArgs, paint: Paint): string => {
  const isGood = outcome.class === "ok";
  const parts = [
    paint(
      isGood ? "green" : outcome.class === "slow" ? "yellow" : "red",
      `${isGood ? "\u2714" : "\u2718"} ${outcome.class}`,
    ),
    outcome.detail === null ? null : printable(outcome.detail),
    outcome.httpStatus === null ? null : `HTTP ${outcome.httpStatus}`,
    msText(outcome.durationUs),
    outcome.bytesRead === 0 ? null : bytesText(outcome.bytesRead),
    outcome.address === null ? null : `from ${outcome.address}`,
  ];
  return `${paint("bold", `${target.method} ${printable(shownUrl(target.url))}`)}\n${parts.filter((part) => part !== null).join("  ")}`;
};

/** One run for people: verdict, phases as bars on one scale, certificate, assertions. Ends in a newline. */
export const showRun = (args: ShowArgs): string => {
  const paint = painter(args.withColour);
  const blocks = [
    phaseLines(args.outcome, paint),
    certificateLines(args.outcome, args.now, paint),
    assertionLines(args, paint),
    partLines(args, paint),
    args.outcome.class === "blocked" ? ["  Open a range with --allow CIDR if the address is yours to probe."] : [],
  ].filter((lines) => lines.length > 0);
  return `${headline(args, paint)}\n\n${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
};
