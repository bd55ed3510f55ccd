import type { HealthJsonProbeDefinition } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import type { HealthDocument, HealthEntry } from "#lib/core/health-json/read-health.ts";
import { readHealthBody } from "#lib/core/health-json/read-health.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import type { Check, CheckPart } from "./check.ts";
import type { Verdict } from "./conversation-outcome.ts";
import { GOOD, verdict } from "./conversation-outcome.ts";
import type { HttpRun } from "./http.ts";
import { runHttp } from "./http.ts";
import { httpTargetOf } from "./http-target.ts";

type HttpAnswer = NonNullable<HttpRun["answer"]>;

const isGoodStatus = (status: number): boolean => status >= 200 && status < 400;

const badStatus = (status: number): Verdict => ({
  ...verdict("bad_status", `status ${status}`),
  failures: [{ assertion: "status eq", expected: "2xx", seen: String(status) }],
});

const badHealth = (detail: string, seen: string): Verdict => ({
  ...verdict("body_mismatch", detail),
  failures: [{ assertion: "health status", expected: "pass or warn", seen: excerptOf(seen) }],
});

/** What the document says counts; an answer that contradicts a good one, or has none, is judged by its status. */
const judgeDocument = (document: HealthDocument | null, { status, text }: HttpAnswer): Verdict => {
  if (document === null) {
    if (!isGoodStatus(status)) return badStatus(status);
    return badHealth("no health document", text().slice(0, 1_024));
  }
  if (document.status !== "fail") return isGoodStatus(status) ? GOOD : badStatus(status);
  const failing = document.entries.filter((entry) => entry.status === "fail").map(({ key }) => key);
  return badHealth(`health ${document.word}`, [document.word, ...failing].join(", "));
};

const judgeEntry = ({ status, word, note }: HealthEntry): Verdict =>
  status === "fail" ? badHealth(`health ${word}`, note === null ? String(word) : `${word}: ${note}`) : GOOD;

/** Measured as the run was that read it: a document has no times of its own that could be compared. */
const partOf =
  (run: Outcome) =>
  (entry: HealthEntry): CheckPart => ({
    key: entry.key,
    name: entry.key,
    outcome: { ...run, ...judgeEntry(entry) },
  });

/** Reads a health document over HTTP. The run is what the document says of the whole, each of its entries is a part. */
export const checkHealthJson: Check<HealthJsonProbeDefinition> = async (definition, deps) => {
  const accepting = { accept: "application/health+json, application/json;q=0.9, */*;q=0.1", ...definition.headers };
  const target = httpTargetOf({ ...definition, headers: accepting }, deps);
  const { outcome, traceId, answer } = await runHttp(target, deps);
  if (answer === null) return { outcome, traceId };
  const document = readHealthBody(answer.text());
  const { failures, ...first } = judgeDocument(document, answer);
  // An assertion that cannot be judged is our own fault, whatever the document says.
  const isAsAsserted = first.class === "ok" || outcome.class === "internal_error";
  const judged = isAsAsserted ? outcome : { ...outcome, ...first, failures: [...failures, ...outcome.failures] };
  return { outcome: judged, traceId, parts: (document?.entries ?? []).map(partOf(outcome)) };
};
