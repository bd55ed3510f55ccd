import { parseDuration } from "#lib/core/duration.ts";
import type { SloWithReading } from "#lib/read/slo-dashboard.ts";
import type { BacktestAnswer, BacktestResource } from "#lib/read/slo-expectations.ts";
import { fillText } from "../../_view/format.ts";
import { BacktestAlerts } from "./backtest-alerts.tsx";
import type { BacktestForm } from "./backtest-query.ts";
import { BACKTEST_POLICIES, BACKTEST_WINDOWS } from "./backtest-query.ts";
import { budgetText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

const SPAN_MS = 28 * 86_400_000;

type Props = {
  slo: SloWithReading;
  /** Null: nobody asked yet. */
  form: BacktestForm | null;
  /** Under the terms in force, and under those that are tried. */
  answers: { readonly own: BacktestAnswer; readonly tried: BacktestAnswer } | null;
  view: AdminView;
  today: string;
};

const Controls = ({ slo, form, view }: Pick<Props, "slo" | "form" | "view">) => {
  const { backtest } = view.words.sloPage;
  const span = (text: string): string =>
    fillText(backtest.windowDays, { span: view.format.span(parseDuration(text) ?? 0) });
  return (
    <form className="filters" method="get" action={`/admin/slos/${slo.id}#backtest`} aria-labelledby="backtest">
      <label>
        {backtest.objective}
        <input
          name="objective"
          inputMode="decimal"
          maxLength={20}
          defaultValue={form?.objective ?? slo.definition.objective}
        />
      </label>
      <label>
        {backtest.window}
        <select name="window" defaultValue={form?.window ?? ""}>
          <option value="">{backtest.asIs}</option>
          {BACKTEST_WINDOWS.map((window) => (
            <option key={window} value={window}>
              {span(window)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {backtest.policy}
        <select name="policy" defaultValue={form?.policy ?? "own"}>
          {BACKTEST_POLICIES.map((policy) => (
            <option key={policy} value={policy}>
              {backtest.policies[policy]}
            </option>
          ))}
        </select>
      </label>
      {(["minLong", "minShort"] as const).map((name) => (
        <label key={name}>
          {backtest[name]}
          <input
            name={name === "minLong" ? "min_long" : "min_short"}
            inputMode="numeric"
            pattern="[0-9]{1,6}"
            placeholder={backtest.asIs}
            defaultValue={form?.[name] ?? ""}
          />
        </label>
      ))}
      <button type="submit" className="main">
        {backtest.replay}
      </button>
    </form>
  );
};

const countText = (result: BacktestResource, severity: "page" | "ticket", view: AdminView): string => {
  const found = result.comparison.find((row) => row.severity === severity);
  const { format } = view;
  if (found === undefined) return format.integer(0);
  const { would, onlyWould } = found;
  if (would === 0) return format.integer(0);
  return fillText(view.words.sloPage.backtest.sameAs, {
    would: format.integer(would),
    both: format.integer(would - onlyWould),
  });
};

const shareOf = (ratio: string | null | undefined): number | null =>
  ratio === null || ratio === undefined ? null : Number(ratio);

const ResultRow = ({
  name,
  result,
  view,
  today,
}: {
  name: string;
  result: BacktestResource;
  view: AdminView;
  today: string;
}) => {
  const { backtest } = view.words.sloPage;
  const { budget } = result;
  const left = shareOf(budget.remainingRatio);
  return (
    <tr>
      <th scope="row">{fillText(name, { objective: view.format.percentText(result.objective) })}</th>
      <td className="number">{countText(result, "page", view)}</td>
      <td className="number">{countText(result, "ticket", view)}</td>
      <td className={`number${(left ?? 0) < 0 ? " major" : ""}`}>{budgetText(left, view.format)}</td>
      <td className="number">{budgetText(shareOf(budget.lowest?.remainingRatio), view.format)}</td>
      <td className="number">
        {budget.exhaustedAt === null ? backtest.never : view.format.when(budget.exhaustedAt, today)}
      </td>
    </tr>
  );
};

const Results = ({
  own,
  tried,
  view,
  today,
}: {
  own: BacktestResource;
  tried: BacktestResource;
  view: AdminView;
  today: string;
}) => {
  const { backtest } = view.words.sloPage;
  const columns = [backtest.pages, backtest.tickets, backtest.left, backtest.lowest, backtest.spentFirst];
  return (
    <>
      <div className="scroll" tabIndex={0} role="group" aria-label={backtest.result}>
        <table>
          <thead>
            <tr>
              <th scope="col">{backtest.terms}</th>
              {columns.map((column) => (
                <th scope="col" className="number" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <ResultRow name={backtest.inForce} result={own} view={view} today={today} />
            <ResultRow name={backtest.tried} result={tried} view={view} today={today} />
          </tbody>
        </table>
      </div>
      <BacktestAlerts result={tried} view={view} today={today} />
      {tried.dataFrom !== null && tried.dataFrom > tried.from ? (
        <p className="small soft">{fillText(backtest.data, { time: view.format.when(tried.dataFrom, today) })}</p>
      ) : null}
    </>
  );
};

/** What would have fired under other terms: a form whose address is the question, and the answer below it. */
export const BacktestSection = ({ slo, form, answers, view, today }: Props) => {
  const { backtest } = view.words.sloPage;
  const refusal =
    answers === null || answers.tried.kind === "answer"
      ? null
      : answers.tried.kind === "refused"
        ? backtest.refused
        : backtest.notReady;
  return (
    <section aria-labelledby="backtest">
      <div className="head">
        <h2 id="backtest">{backtest.title}</h2>
        <p className="soft">{fillText(backtest.note, { span: view.format.span(SPAN_MS) })}</p>
      </div>
      <Controls slo={slo} form={form} view={view} />
      {refusal === null ? null : <p role="alert">{refusal}</p>}
      {answers?.own.kind === "answer" && answers.tried.kind === "answer" ? (
        <Results own={answers.own.backtest} tried={answers.tried.backtest} view={view} today={today} />
      ) : null}
    </section>
  );
};
