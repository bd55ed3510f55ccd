import type { SloWithReading } from "#lib/read/slo-dashboard.ts";
import type { Gate } from "#lib/read/slo-expectations.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import type { Format } from "../../_view/format.ts";

type Props = { slo: SloWithReading; gate: Gate; format: Format; today: string };

const ACTIONS = { inform: "Releases are open", review: "Look at it together", slow: "Release with care" } as const;

const GateMark = ({ gate }: { gate: Gate }) => {
  if (gate.isFrozen) return <StateMark role="major" word="Releases are frozen" />;
  const word = gate.action === null || gate.action === "freeze" ? "Releases are open" : ACTIONS[gate.action];
  return <StateMark role={gate.action === null || gate.action === "inform" ? "ok" : "degraded"} word={word} />;
};

/** "Owned by Ada, approved by Cy." with what the file says and no more. */
const peopleWords = ({ document }: SloWithReading["definition"], gate: Gate): string | null => {
  const { owner, approver, reviewers } = document ?? { owner: null, approver: null, reviewers: [] };
  const people = [
    owner === null ? null : `owned by ${owner}`,
    reviewers.length === 0 ? null : `reviewed by ${reviewers.join(", ")}`,
    approver === null ? null : `approved by ${approver}`,
    gate.escalation === null ? null : `escalates to ${gate.escalation}`,
  ].filter((words) => words !== null);
  if (people.length === 0) return null;
  const text = people.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};

/** Whether releases may go on, who stands behind the promise, and when it is to be looked at again. */
export const PolicySection = ({ slo, gate, format, today }: Props) => {
  const { document, budgetPolicy = [] } = slo.definition;
  const people = peopleWords(slo.definition, gate);
  const { reviewDate } = gate;
  const { rationale, runbook } = document ?? { rationale: null, runbook: null };
  if (budgetPolicy.length === 0 && document === undefined) return null;
  return (
    <section aria-labelledby="policy">
      <div className="head">
        <h2 id="policy">Who stands behind it</h2>
      </div>
      <div className="prose">
        {budgetPolicy.length === 0 ? null : (
          <p>
            <GateMark gate={gate} /> <span>{gate.summary}</span>
          </p>
        )}
        {people === null ? null : <p>{people}</p>}
        {rationale === null ? null : <p>{rationale}</p>}
        {reviewDate === null ? null : (
          <p className={gate.isReviewDue ? "major" : undefined}>
            {gate.isReviewDue ? "The review was due by " : "To be reviewed by "}
            <time dateTime={reviewDate}>{format.day(reviewDate, today)}</time>.
          </p>
        )}
        {runbook === null ? null : (
          <p>
            <a href={runbook} rel="noreferrer">
              Runbook
            </a>
          </p>
        )}
      </div>
    </section>
  );
};
