import type { ReactNode } from "react";
import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import type { Gate } from "#lib/read/slo/expectations.ts";
import { Fill } from "../../_parts/fill.tsx";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { Figure, resource } from "./figure.tsx";
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

type GateTextProps = { gate: Gate; hasPolicy: boolean; view: AdminView };

/** The reason for what the gate says, with the share that it was judged by. */
const GateText = ({ gate, hasPolicy, view: { words, format } }: GateTextProps) => {
  const { policy } = words.sloPage;
  const strictest = gate.reasons[0];
  if (!hasPolicy) return policy.noPolicy;
  if (gate.remaining === null) return policy.noData;
  const left = (
    <Figure kind="budget" at="/remainingRatio">
      {budgetText(gate.remaining, format)}
    </Figure>
  );
  if (strictest === undefined) return <Fill text={policy.noRule} left={left} />;
  const limit = (
    <Figure kind="percent" at="/reasons/0/remainingBelow">
      {format.percentText(strictest.remainingBelow)}
    </Figure>
  );
  return <Fill text={policy.rule} left={left} limit={limit} />;
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
            <span translate="no">{value}</span>
          </Fact>
        ),
      )}
      {gate.reviewDate === null ? null : (
        <Fact name={policy.reviewBy}>
          {gate.isReviewDue ? (
            <time className="major" dateTime={gate.reviewDate}>
              {fillText(policy.reviewDue, { date: format.day(gate.reviewDate, today) })}
            </time>
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
          <GateMark gate={gate} view={view} />{" "}
          <span {...resource(`/v1/slos/${slo.id}/gate`)}>
            <GateText gate={gate} hasPolicy={budgetPolicy.length > 0} view={view} />
          </span>
        </p>
        {document === undefined ? <p className="soft">{policy.undocumented}</p> : null}
        <People slo={slo} gate={gate} view={view} today={today} />
      </div>
    </section>
  );
};
