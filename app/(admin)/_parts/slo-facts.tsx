import type { ReactNode } from "react";
import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import { Fill } from "../../_parts/fill.tsx";
import { fillText } from "../../_view/format.ts";
import type { FigureKind } from "./figure.tsx";
import { figure, figureOf, resource } from "./figure.tsx";
import { attainedText, budgetText, countText, coverageText, exhaustedText, rateText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

const MINUTE_MS = 60_000;

type FactProps = {
  mark: readonly [FigureKind, string];
  name: string;
  value: string;
  beside: ReactNode;
  isBad?: boolean;
};

const Fact = ({ mark, name, value, beside, isBad = false }: FactProps) => (
  <div>
    <dt>{name}</dt>
    <dd className={isBad ? "major" : undefined}>
      <span {...figure(...mark)}>{value}</span>
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

const exhaustedBeside = (minutes: number | null, evaluatedAt: number, { words, format }: AdminView): ReactNode => {
  const { facts } = words.slos;
  if (minutes === null) return facts.nothingBurns;
  if (minutes === 0) return facts.nothingLeft;
  const at = iso(evaluatedAt + minutes * MINUTE_MS);
  const time = <time dateTime={at}>{format.when(at, iso(evaluatedAt))}</time>;
  return <Fill text={facts.ifItGoesOn} time={time} />;
};

/** The five figures, each with its neighbour. */
export const SloFacts = ({ slo, view }: { slo: SloWithReading; view: AdminView }) => {
  const budget = slo.reading?.budget;
  const { words, format } = view;
  const { facts } = words.slos;
  if (budget === undefined || slo.evaluatedAt === null) return null;
  const isMissed = budget.isMet === false;
  const minutes = budget.minutesToExhaustion;
  const beside = {
    objective: figureOf("percent", "/objective", format.percentText(slo.definition.objective)),
    total: figureOf("count", "/reading/total", countText(budget.total, format)),
    expected: figureOf("count", "/reading/expected", countText(budget.expected, format)),
  };
  const checks = budget.windowFilling ? fillText(facts.filling, { text: facts.checks }) : facts.checks;
  return (
    <dl className="facts" {...resource(`/v1/slos/${slo.id}`)}>
      <Fact
        mark={["attained", ""]}
        name={facts.attainment}
        value={attainedText(budget.good, budget.total, slo.definition.objective, format)}
        beside={<Fill text={facts.objective} {...beside} />}
        isBad={isMissed}
      />
      <Fact
        mark={["budget", "/reading/budget/remainingRatio"]}
        name={facts.left}
        value={budgetText(budget.remaining, format)}
        beside={figureOf("allowance", "", allowanceText(budget.allowedBad, budget.bad, view))}
        isBad={isMissed}
      />
      <Fact
        mark={["rate", "/reading/burnRate"]}
        name={facts.burning}
        value={rateText(budget.burnRate1h, view)}
        beside={facts.lastHour}
        isBad={(budget.burnRate1h ?? 0) > 1}
      />
      <Fact
        mark={["exhausted", "/reading/budget/exhaustedInSeconds"]}
        name={facts.exhausted}
        value={exhaustedText(minutes, view)}
        beside={exhaustedBeside(minutes, slo.evaluatedAt, view)}
      />
      <Fact
        mark={["share", "/reading/coverageRatio"]}
        name={facts.coverage}
        value={coverageText(budget.coverage, format)}
        beside={<Fill text={checks} {...beside} />}
      />
    </dl>
  );
};
