import type { SloWithReading } from "#lib/read/slo-dashboard.ts";
import { fillText } from "../../_view/format.ts";
import { attainedText, budgetText, countText, coverageText, exhaustedText, rateText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

const MINUTE_MS = 60_000;

type FactProps = { id: string; name: string; value: string; beside: string; isBad?: boolean };

const Fact = ({ id, name, value, beside, isBad = false }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd className={isBad ? "major" : undefined} data-figure={id}>
      <span>{value}</span>
      <small>{beside}</small>
    </dd>
  </div>
);

/** "18 more failures of 80": what the objective still allows among the events counted so far. */
const allowanceText = (allowed: number | null, bad: number, { words, format }: AdminView): string => {
  const { facts } = words.slos;
  if (allowed === null) return facts.nothingCounted;
  const left = Math.floor(allowed) - Math.ceil(bad);
  return left >= 0
    ? fillText(format.plural(left, facts.leftMore), { allowed: format.integer(Math.floor(allowed)) })
    : format.plural(-left, facts.tooMany);
};

const exhaustedBeside = (minutes: number | null, evaluatedAt: number, { words, format }: AdminView): string => {
  const { facts } = words.slos;
  if (minutes === null) return facts.nothingBurns;
  if (minutes === 0) return facts.nothingLeft;
  return fillText(facts.ifItGoesOn, { time: format.when(iso(evaluatedAt + minutes * MINUTE_MS), iso(evaluatedAt)) });
};

/** The five figures, each with its neighbour. */
export const SloFacts = ({ slo, view }: { slo: SloWithReading; view: AdminView }) => {
  const budget = slo.reading?.budget;
  const { words, format } = view;
  const { facts } = words.slos;
  if (budget === undefined || slo.evaluatedAt === null) return null;
  const isMissed = budget.isMet === false;
  const minutes = budget.minutesToExhaustion;
  const checks = fillText(facts.checks, {
    total: countText(budget.total, format),
    expected: countText(budget.expected, format),
  });
  return (
    <dl className="facts">
      <Fact
        id="attained"
        name={facts.attainment}
        value={attainedText(budget.good, budget.total, slo.definition.objective, format)}
        beside={fillText(facts.objective, { objective: format.percentText(slo.definition.objective) })}
        isBad={isMissed}
      />
      <Fact
        id="left"
        name={facts.left}
        value={budgetText(budget.remaining, format)}
        beside={allowanceText(budget.allowedBad, budget.bad, view)}
        isBad={isMissed}
      />
      <Fact
        id="burn"
        name={facts.burning}
        value={rateText(budget.burnRate1h, view)}
        beside={facts.lastHour}
        isBad={(budget.burnRate1h ?? 0) > 1}
      />
      <Fact
        id="exhausted"
        name={facts.exhausted}
        value={exhaustedText(minutes, view)}
        beside={exhaustedBeside(minutes, slo.evaluatedAt, view)}
      />
      <Fact
        id="coverage"
        name={facts.coverage}
        value={coverageText(budget.coverage, format)}
        beside={budget.windowFilling ? fillText(facts.filling, { text: checks }) : checks}
      />
    </dl>
  );
};
