import type { ExclusionEffect } from "#lib/read/slo/course.ts";
import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import { fillText } from "../../_view/format.ts";
import { figure, resource } from "./figure.tsx";
import { attainedText, budgetText, countText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Props = { slo: SloWithReading; effects: readonly ExclusionEffect[]; view: AdminView; today: string };

const MOST = 50;

const whenText = ({ exclusion }: ExclusionEffect, { words, format }: AdminView, today: string): string => {
  const { kinds, scopes, when } = words.sloPage.exclusions;
  const { scope } = exclusion;
  return fillText(when, {
    kind: kinds[exclusion.kind],
    from: format.when(iso(exclusion.startsAt), today),
    span: format.span(exclusion.endsAt - exclusion.startsAt),
    scope:
      "sloId" in scope
        ? scopes.slo
        : "serviceId" in scope
          ? scopes.service
          : fillText(scopes.probe, { id: scope.probeId }),
  });
};

const whoText = ({ exclusion }: ExclusionEffect, { words }: AdminView): string => {
  const { by, approvedBy, waits } = words.sloPage.exclusions;
  const { reason, author, approvedBy: approver, kind } = exclusion;
  const text = approver !== null ? approvedBy : kind === "retroactive" ? waits : by;
  return fillText(text, { reason, author, approver: approver ?? "" });
};

type Totals = { bad: number; good: number; total: number; remaining: number | null };

const TotalRow = ({
  name,
  at,
  totals,
  slo,
  view,
}: {
  name: string;
  at: "/reading" | "/reading/raw";
  totals: Totals;
  slo: SloWithReading;
  view: AdminView;
}) => (
  <tr>
    <th scope="row">{name}</th>
    <td className="number" {...figure("count", `${at}/bad`)}>
      {countText(totals.bad, view.format)}
    </td>
    <td className="number" {...figure("count", `${at}/total`)}>
      {countText(totals.total, view.format)}
    </td>
    <td className="number" {...figure(at === "/reading" ? "attained" : "attainedRaw", "")}>
      {attainedText(totals.good, totals.total, slo.definition.objective, view.format)}
    </td>
    <td
      className={`number${(totals.remaining ?? 0) < 0 ? " major" : ""}`}
      {...figure("budget", `${at}/budget/remainingRatio`)}
    >
      {budgetText(totals.remaining, view.format)}
    </td>
  </tr>
);

const EffectRow = ({ effect, view, today }: { effect: ExclusionEffect; view: AdminView; today: string }) => {
  const { covers } = view.words.sloPage.exclusions;
  const counts = {
    bad: countText(effect.bad, view.format),
    total: countText(effect.total, view.format),
  };
  return (
    <tr>
      <td translate="no">
        {whenText(effect, view, today)}
        <br />
        <span className="soft">{whoText(effect, view)}</span>
      </td>
      <td colSpan={4} className="soft" translate="no">
        {fillText(covers, counts)}
      </td>
    </tr>
  );
};

/** The figures as measured and with the exclusions in force, one above the other, with who answers for each exclusion. */
export const ExclusionSection = ({ slo, effects, view, today }: Props) => {
  const words = view.words.sloPage.exclusions;
  const budget = slo.reading?.budget;
  if (budget === undefined) return null;
  const columns = [words.failed, words.checks, words.sli, words.left];
  return (
    <section aria-labelledby="exclusions">
      <div className="head">
        <h2 id="exclusions">{words.title}</h2>
        <p className="soft">
          {words.note} · <a href={`/admin/slos/${slo.id}/exclusions.csv`}>{view.words.frame.csv}</a>
        </p>
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label={words.title} {...resource(`/v1/slos/${slo.id}`)}>
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden">{words.row}</span>
              </th>
              {columns.map((column) => (
                <th scope="col" className="number" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <TotalRow name={words.raw} at="/reading/raw" totals={slo.reading?.raw ?? budget} slo={slo} view={view} />
            {effects.slice(0, MOST).map((effect) => (
              <EffectRow key={effect.exclusion.id} effect={effect} view={view} today={today} />
            ))}
          </tbody>
          <tfoot>
            <TotalRow name={words.adjusted} at="/reading" totals={budget} slo={slo} view={view} />
          </tfoot>
        </table>
      </div>
      {effects.length === 0 ? <p className="soft small">{words.none}</p> : null}
    </section>
  );
};
