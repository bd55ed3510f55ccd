import type { TcpProbeDefinition } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import type { Talk } from "#lib/egress/converse.ts";
import { converse } from "#lib/egress/converse.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";
import type { Check } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, outcomeOfConversation, verdict } from "./conversation-outcome.ts";

/** What is read at most while waiting for a pattern. */
const MAX_MATCHED_CHARACTERS = 65_536;
/** Texts up to this length are searched at every piece that comes; longer ones after a pause that grows with them. */
const SEARCHED_AT_ONCE = 4_096;
const CHARACTERS_PER_MS = 1_000;

type Answer = { readonly isFound: boolean | null; readonly text: string };

/** Reads until the pattern is found, the peer has said all it has, or 64 kB have come. */
const awaitPattern = (socket: Talk<Answer>["socket"], pattern: string, done: (answer: Answer) => void): void => {
  const decoder = new TextDecoder();
  let text = "";
  let timer: NodeJS.Timeout | null = null;
  const search = (isLast: boolean): void => {
    timer = null;
    const isFound = matchesPattern(pattern, text);
    if (isFound !== false || isLast) done({ isFound, text });
  };
  socket.on("data", (bytes: Buffer) => {
    text = (text + decoder.decode(bytes, { stream: true })).slice(0, MAX_MATCHED_CHARACTERS);
    if (text.length >= MAX_MATCHED_CHARACTERS) return search(true);
    if (text.length <= SEARCHED_AT_ONCE) return search(false);
    timer ??= setTimeout(() => search(false), text.length / CHARACTERS_PER_MS);
  });
  socket.once("end", () => text !== "" && search(true));
  socket.once("close", () => timer !== null && clearTimeout(timer));
};

const talkAs =
  ({ send, expect }: TcpProbeDefinition) =>
  ({ socket, done }: Talk<Answer>): void => {
    const nothing: Answer = { isFound: true, text: "" };
    if (expect !== null) awaitPattern(socket, expect, done);
    if (send !== null) socket.write(send, () => expect === null && done(nothing));
    else if (expect === null) done(nothing);
  };

const judge = ({ isFound, text }: Answer, pattern: string | null): Verdict => {
  if (isFound === true) return GOOD;
  if (isFound === null) return verdict("internal_error", "cannot judge expect");
  const failure = { assertion: "expect matches", expected: excerptOf(pattern ?? ""), seen: excerptOf(text) };
  return { ...verdict("body_mismatch", "expect matches"), failures: [failure] };
};

/** Connects, says `send` and waits for `expect`, each when it is given. */
export const checkTcp: Check<TcpProbeDefinition> = async (definition, deps) => {
  const { host, port, timeoutMs, expect, assertions } = definition;
  const conversation = await converse({ ...deps, host, port, tls: null, timeoutMs }, talkAs(definition));
  const outcome = outcomeOfConversation(conversation, {
    judge: (answer) => judge(answer, expect),
    httpStatusOf: () => null,
    assertions,
    now: deps.clock.now(),
  });
  return { outcome, traceId: null };
};
