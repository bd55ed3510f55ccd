import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { loadCourses } from "#lib/read/slo/course.ts";
import type { SloAlert, SloWithReading } from "#lib/read/slo/dashboard.ts";
import { loadSlo } from "#lib/read/slo/dashboard.ts";
import type { BacktestAnswer } from "#lib/read/slo/expectations.ts";
import { loadBacktest, loadLedger, loadSloExpectations } from "#lib/read/slo/expectations.ts";
import { StateMark } from "../../../../_parts/glyph.tsx";
import { fillText } from "../../../../_view/format.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { AlertTable } from "../../../_parts/alert-table.tsx";
import type { BacktestForm } from "../../../_parts/backtest-query.ts";
import { backtestFormOf, backtestQueryOf } from "../../../_parts/backtest-query.ts";
import { BacktestSection } from "../../../_parts/backtest-section.tsx";
import { BudgetSection } from "../../../_parts/budget-section.tsx";
import { BurnTable } from "../../../_parts/burn-table.tsx";
import { ExclusionSection } from "../../../_parts/exclusion-section.tsx";
import { FeasibilitySection } from "../../../_parts/feasibility-section.tsx";
import { LedgerSection } from "../../../_parts/ledger-section.tsx";
import { ledgerSpanOf, ledgerSpans } from "../../../_parts/ledger-span.ts";
import { GateMark, PolicySection } from "../../../_parts/policy-section.tsx";
import { CoverageSection } from "../../../_parts/slo-coverage.tsx";
import { DefinitionSection } from "../../../_parts/slo-definition.tsx";
import { SloFacts } from "../../../_parts/slo-facts.tsx";
import { forecastText, promise } from "../../../_parts/slo-words.ts";
import type { AdminView, SearchParams } from "../../../_parts/view.ts";
import { adminView, iso } from "../../../_parts/view.ts";
import "../../../_styles/slos.css";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async ({ params }: Pick<Props, "params">): Promise<Metadata> => ({
  title: (await params).id,
});

type StandingProps = { alerts: readonly SloAlert[]; view: AdminView; today: string; isEvaluated: boolean };

const Standing = ({ alerts, view, today, isEvaluated }: StandingProps) => {
  const { standing } = view.words.slos;
  const firing = alerts.filter(({ state }) => state === "firing").sort((a, b) => a.firedAt - b.firedAt);
  const worst = firing.find(({ severity }) => severity === "page") ?? firing[0];
  if (worst === undefined && !isEvaluated) return <StateMark role="none" word={standing.notEvaluated} />;
  if (worst === undefined) return <StateMark role="ok" word={standing.nothingFires} />;
  const isPage = worst.severity === "page";
  const time = view.format.when(iso(worst.firedAt), today);
  return (
    <StateMark
      role={isPage ? "major" : "degraded"}
      word={fillText(isPage ? standing.pageSince : standing.ticketSince, { time })}
    />
  );
};

const Path = ({ slo, view }: { slo: SloWithReading; view: AdminView }) => (
  <p className="small soft">
    <a className="quiet" href="/admin/slos">
      {view.words.slos.title}
    </a>
    {" / "}
    <a className="quiet" href={`/admin/slos?service=${slo.serviceId}`}>
      {slo.serviceName}
    </a>
  </p>
);

/** The same question under the terms in force and under those of the form. */
const answersTo = async (
  form: BacktestForm | null,
  { cookie }: AdminView,
  id: string,
): Promise<{ own: BacktestAnswer; tried: BacktestAnswer } | null> => {
  if (form === null) return null;
  const query = backtestQueryOf(form);
  const own = await loadBacktest(cookie, { id });
  return { own, tried: query === null ? { kind: "refused" } : await loadBacktest(cookie, { id, ...query }) };
};

const load = async (slo: SloWithReading, search: SearchParams, view: AdminView) => {
  const spans = ledgerSpans(slo.evaluatedAt ?? slo.activeFrom, view.timeZone);
  const span = ledgerSpanOf(search, spans);
  const { key: _key, ...asked } = span;
  const form = backtestFormOf(search);
  const [courses, expectations, ledger, answers] = await Promise.all([
    loadCourses(view.cookie, slo, view.timeZone),
    loadSloExpectations(view.cookie, slo),
    loadLedger(view.cookie, slo.id, asked),
    answersTo(form, view, slo.id),
  ]);
  return { courses, ...expectations, ledger, span, spans, form, answers };
};

/** One SLO: how it stands, its budget over time, how fast it burns, what fired, who spent it, and what could be changed. */
const SloPage = async ({ params, searchParams }: Props) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { id } = await params;
  const found = await loadSlo(view.cookie, id);
  if (found === null) notFound();
  const { slo, alerts } = found;
  const { courses, gate, feasibility, versions, ledger, span, spans, form, answers } = await load(slo, search, view);
  const today = slo.evaluatedAt === null ? view.today : iso(slo.evaluatedAt);
  const { facts } = view.words.slos;
  const asOf = fillText(facts.complete, { time: view.format.time(today), zone: view.format.zone(today) });
  return (
    <AdminFrame current="overview" view={view}>
      <div className="title">
        <Path slo={slo} view={view} />
        <h1>{slo.id}</h1>
        <p>{`${promise(slo.definition, view)}.`}</p>
        <p className="marks">
          <Standing alerts={alerts} view={view} today={today} isEvaluated={slo.evaluatedAt !== null} />{" "}
          {(slo.definition.budgetPolicy ?? []).length === 0 ? null : <GateMark gate={gate} view={view} />}{" "}
          {slo.evaluatedAt === null ? null : (
            <span className="soft small">
              <time dateTime={today}>{asOf}</time>
            </span>
          )}
        </p>
      </div>
      <SloFacts slo={slo} view={view} />
      {courses === null || slo.evaluatedAt === null ? null : (
        <p>{forecastText(courses.forecast, slo.definition.window.kind, slo.evaluatedAt, view)}</p>
      )}
      <BudgetSection slo={slo} courses={courses} view={view} />
      <div className="two">
        <BurnTable id={slo.id} reading={slo.reading} view={view} />
        <AlertTable id={slo.id} alerts={alerts} view={view} today={today} />
      </div>
      {slo.evaluatedAt === null ? null : (
        <div className="two">
          <LedgerSection slo={slo} ledger={ledger} span={span} spans={spans} view={view} today={today} />
          <div>
            <ExclusionSection slo={slo} effects={courses?.effects ?? []} view={view} today={today} />
            <CoverageSection days={courses?.days ?? []} view={view} />
          </div>
        </div>
      )}
      {slo.evaluatedAt === null ? null : (
        <BacktestSection slo={slo} form={form} answers={answers} view={view} today={today} />
      )}
      <FeasibilitySection id={slo.id} feasibility={feasibility} view={view} />
      <PolicySection slo={slo} gate={gate} view={view} today={today} />
      <DefinitionSection slo={slo} versions={versions} view={view} today={today} />
    </AdminFrame>
  );
};
export default SloPage;
