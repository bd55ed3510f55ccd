import { parseDuration } from "#lib/core/duration.ts";
import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import type { BacktestAnswer, BacktestResource } from "#lib/read/slo/expectations.ts";
import { Fill } from "../../_parts/fill.tsx";
import { fillText } from "../../_view/format.ts";
import { BacktestAlerts } from "./backtest-alerts.tsx";
import type { BacktestForm } from "./backtest-query.ts";
import { BACKTEST_POLICIES, BACKTEST_WINDOWS, backtestPath } from "./backtest-query.ts";
import { Figure, figure, resource } from "./figure.tsx";
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

type CountsProps = { result: BacktestResource; severity: "page" | "ticket"; view: AdminView };

const Counts = ({ result, severity, view }: CountsProps) => {
  const at = result.comparison.findIndex((row) => row.severity === severity);
  const { would = 0, onlyWould = 0 } = result.comparison[at] ?? {};
  const { format } = view;
  const place = `/comparison/${at}`;
  if (would === 0)
    return (
      <Figure kind="count" at={`${place}/would`}>
        {format.integer(0)}
      </Figure>
    );
  const parts = {
    would: (
      <Figure kind="count" at={`${place}/would`}>
        {format.integer(would)}
      </Figure>
    ),
    both: (
      <Figure kind="both" at={place}>
        {format.integer(would - onlyWould)}
      </Figure>
    ),
  };
  return <Fill text={view.words.sloPage.backtest.sameAs} {...parts} />;
};

const shareOf = (ratio: string | null | undefined): number | null =>
  ratio === null || ratio === undefined ? null : Number(ratio);

const ResultRow = ({
  name,
  path,
  result,
  view,
  today,
}: {
  name: string;
  path: string;
  result: BacktestResource;
  view: AdminView;
  today: string;
}) => {
  const { backtest } = view.words.sloPage;
  const { budget } = result;
  const left = shareOf(budget.remainingRatio);
  return (
    <tr {...resource(path)}>
      <th scope="row">{fillText(name, { objective: view.format.percentText(result.objective) })}</th>
      <td className="number">
        <Counts result={result} severity="page" view={view} />
      </td>
      <td className="number">
        <Counts result={result} severity="ticket" view={view} />
      </td>
      <td className={`number${(left ?? 0) < 0 ? " major" : ""}`} {...figure("budget", "/budget/remainingRatio")}>
        {budgetText(left, view.format)}
      </td>
      <td className="number" {...figure("budget", "/budget/lowest/remainingRatio")}>
        {budgetText(shareOf(budget.lowest?.remainingRatio), view.format)}
      </td>
      <td className="number">
        {budget.exhaustedAt === null ? (
          backtest.never
        ) : (
          <time dateTime={budget.exhaustedAt}>{view.format.when(budget.exhaustedAt, today)}</time>
        )}
      </td>
    </tr>
  );
};

const Results = ({
  form,
  own,
  tried,
  view,
  today,
}: {
  form: BacktestForm | null;
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
            <ResultRow
              name={backtest.inForce}
              path={backtestPath(own.sloId, null)}
              result={own}
              view={view}
              today={today}
            />
            <ResultRow
              name={backtest.tried}
              path={backtestPath(own.sloId, form)}
              result={tried}
              view={view}
              today={today}
            />
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
        <Results form={form} own={answers.own.backtest} tried={answers.tried.backtest} view={view} today={today} />
      ) : null}
    </section>
  );
};
