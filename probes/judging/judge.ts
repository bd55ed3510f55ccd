import type { AssertionEngines, Judgement } from "#lib/core/assertions.ts";
import { judgeAnswer } from "#lib/core/assertions.ts";
import type { Assertion } from "#lib/core/definitions.ts";
import type { DurationUs } from "#lib/core/units.ts";
import { headerText } from "#lib/egress/response-head.ts";
import type { Answered } from "#lib/egress/types.ts";
import { queryJsonPath } from "#probes/engines/json-path.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";

/** An HTTP answer and what is asserted of it: plain values, so that another thread can judge them. */
export type JudgeJob = {
  readonly assertions: readonly Assertion[];
  readonly status: number;
  readonly headers: Answered["headers"];
  readonly body: Uint8Array;
  readonly durationUs: DurationUs;
  readonly certificateDaysLeft: number | null;
};

/**
 * Judges an answer, here or in another thread. @throws the signal's reason when it aborts first; Error when the thread
 * that judged ended or took too long.
 */
export type Judge = (job: JudgeJob, signal: AbortSignal) => Promise<Judgement>;

const ENGINES: AssertionEngines = { matches: matchesPattern, query: queryJsonPath };

/** Text of a body in the charset that it claims, or UTF-8 when that is unknown. Broken bytes become U+FFFD. */
export const textOf = ({ headers, body }: Pick<JudgeJob, "headers" | "body">): string => {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(headerText(headers, "content-type"))?.[1] ?? "utf-8";
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (/^utf-?8$/i.test(charset)) return bytes.toString("utf8");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("utf8");
  }
};

/** Judges in this thread, which does nothing else meanwhile. */
export const judgeHere = (job: JudgeJob): Judgement => {
  let text: string | undefined;
  const bodyText = (): string => {
    text ??= textOf(job);
    return text;
  };
  const { status, headers, durationUs, certificateDaysLeft } = job;
  return judgeAnswer(job.assertions, { status, headers, bodyText, durationUs, certificateDaysLeft }, ENGINES);
};

/** Up to this size a body is judged sooner than it is handed to another thread and back. */
const LARGE_BODY_BYTES = 32 * 1_024;

/** Whether judging this may take so long that other probes would start late. */
export const isCostly = ({ assertions, body }: JudgeJob): boolean =>
  body.byteLength > LARGE_BODY_BYTES && assertions.some(({ type }) => type === "body" || type === "json_path");
