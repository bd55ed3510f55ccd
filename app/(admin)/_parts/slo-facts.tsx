import type { ReactNode } from "react";
import type { SloWithReading } from "#lib/read/slo-dashboard.ts";
import type { Format } from "../../_view/format.ts";
import { attainedText, budgetText, rateText } from "./slo-words.ts";
import { iso } from "./view.ts";

const MINUTE_MS = 60_000;

const Fact = ({
  name,
  value,
  beside,
  role,
}: {
  name: string;
  value: string;
  beside: ReactNode;
  role?: "major" | undefined;
}) => (
  <div>
    <dt>{name}</dt>
    <dd className={role}>
      {value}
      <small>{beside}</small>
    </dd>
  </div>
);

/** "18 more failures of 80": what the objective still allows among the events counted so far. */
const allowanceText = (allowed: number | null, bad: number, format: Format): string => {
  if (allowed === null) return "nothing counted yet";
  const left = Math.floor(allowed) - bad;
  return left >= 0
    ? `${format.integer(left)} more failures of ${format.integer(Math.floor(allowed))}`
    : `${format.integer(-left)} failures too many`;
};

/** What would stand here without exclusions, where that differs. */
const RawLine = ({ slo, format }: { slo: SloWithReading; format: Format }) => {
  const raw = slo.reading?.raw ?? null;
  if (raw === null) return null;
  const attained = attainedText(raw.good, raw.total, slo.definition.objective, format);
  return (
    <p className="soft">
      {`Without exclusions: attainment ${attained}, budget left ${budgetText(raw.remaining, format)}, ${format.integer(raw.bad)} of ${format.integer(raw.total)} failed.`}
    </p>
  );
};

/** The five figures, each with its neighbour. */
export const SloFacts = ({ slo, format }: { slo: SloWithReading; format: Format }) => {
  const budget = slo.reading?.budget;
  if (budget === undefined || slo.evaluatedAt === null) return null;
  const minutes = budget.minutesToExhaustion;
  const isBurning = (budget.burnRate1h ?? 0) > 1;
  const exhausted = minutes === null ? "–" : minutes === 0 ? "spent" : `in ${format.span(minutes * MINUTE_MS)}`;
  const today = iso(slo.evaluatedAt);
  const when =
    minutes === null || minutes === 0 ? null : format.when(iso(slo.evaluatedAt + minutes * MINUTE_MS), today);
  return (
    <>
      <dl className="facts">
        <Fact
          name="Attainment"
          value={attainedText(budget.good, budget.total, slo.definition.objective, format)}
          beside={`objective ${format.percentText(slo.definition.objective)}`}
          role={budget.isMet === false ? "major" : undefined}
        />
        <Fact
          name="Budget left"
          value={budgetText(budget.remaining, format)}
          beside={allowanceText(budget.allowedBad, budget.bad, format)}
          role={budget.isMet === false ? "major" : undefined}
        />
        <Fact
          name="Burning"
          value={rateText(budget.burnRate1h, format)}
          beside="over the last hour"
          role={isBurning ? "major" : undefined}
        />
        <Fact
          name="Exhausted"
          value={exhausted}
          beside={minutes === 0 ? "nothing is left" : when === null ? "nothing burns it now" : `${when}, if it goes on`}
        />
        <Fact
          name="Coverage"
          value={budget.coverage === null ? "–" : format.percent(budget.coverage, 1)}
          beside={`${format.integer(budget.total)} of ${format.integer(budget.expected)} checks${budget.windowFilling ? ", window filling" : ""}`}
        />
      </dl>
      <RawLine slo={slo} format={format} />
    </>
  );
};
