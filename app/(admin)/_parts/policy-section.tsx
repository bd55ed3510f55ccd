import type { ReactNode } from "react";
import type { SloWithReading } from "#lib/read/slo-dashboard.ts";
import type { Gate } from "#lib/read/slo-expectations.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { budgetText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

type Props = { slo: SloWithReading; gate: Gate; view: AdminView; today: string };

/** Whether releases may go on, as glyph and words. */
export const GateMark = ({ gate, view }: { gate: Gate; view: AdminView }) => {
  const { policy } = view.words.sloPage;
  if (gate.isFrozen) return <StateMark role="major" word={policy.frozen} />;
  const word = gate.action === "review" ? policy.review : gate.action === "slow" ? policy.slow : policy.open;
  return <StateMark role={gate.action === null || gate.action === "inform" ? "ok" : "degraded"} word={word} />;
};

/** The reason for what the gate says, with the share that it was judged by. */
const gateText = (gate: Gate, hasPolicy: boolean, { words, format }: AdminView): string => {
  const { policy } = words.sloPage;
  const strictest = gate.reasons[0];
  if (!hasPolicy) return policy.noPolicy;
  if (gate.remaining === null) return policy.noData;
  const left = budgetText(gate.remaining, format);
  if (strictest === undefined) return fillText(policy.noRule, { left });
  return fillText(policy.rule, { left, limit: format.percentText(strictest.remainingBelow) });
};

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const People = ({ slo, gate, view, today }: Props) => {
  const { policy } = view.words.sloPage;
  const { document, budgetPolicy = [] } = slo.definition;
  const { format } = view;
  const list = (names: readonly string[]): string | null => (names.length === 0 ? null : format.list(names));
  const facts = [
    [policy.owner, document?.owner ?? null],
    [policy.reviewers, list(document?.reviewers ?? [])],
    [policy.approver, document?.approver ?? null],
    [policy.escalation, gate.escalation],
    [policy.rationale, document?.rationale ?? null],
    [
      policy.rules,
      list(
        budgetPolicy.map(({ remainingBelow, action }) =>
          fillText(policy.below, { limit: format.percentText(remainingBelow), action: policy.actions[action] }),
        ),
      ),
    ],
  ] as const;
  const runbook = document?.runbook ?? null;
  if (facts.every(([, value]) => value === null) && gate.reviewDate === null && runbook === null) return null;
  return (
    <dl className="terms">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ),
      )}
      {gate.reviewDate === null ? null : (
        <Fact name={policy.reviewBy}>
          {gate.isReviewDue ? (
            <span className="major">{fillText(policy.reviewDue, { date: format.day(gate.reviewDate, today) })}</span>
          ) : (
            <time dateTime={gate.reviewDate}>{format.day(gate.reviewDate, today)}</time>
          )}
        </Fact>
      )}
      {runbook === null ? null : (
        <Fact name={policy.runbook}>
          <a href={runbook} rel="noreferrer" className="break">
            {runbook}
          </a>
        </Fact>
      )}
    </dl>
  );
};

/** Whether releases may go on, who stands behind the promise, and when it is to be looked at again. */
export const PolicySection = ({ slo, gate, view, today }: Props) => {
  const { policy } = view.words.sloPage;
  const { document, budgetPolicy = [] } = slo.definition;
  return (
    <section aria-labelledby="policy">
      <div className="head">
        <h2 id="policy">{policy.title}</h2>
      </div>
      <div className="prose">
        <p>
          <GateMark gate={gate} view={view} /> <span>{gateText(gate, budgetPolicy.length > 0, view)}</span>
        </p>
        {document === undefined ? <p className="soft">{policy.undocumented}</p> : null}
        <People slo={slo} gate={gate} view={view} today={today} />
      </div>
    </section>
  );
};
