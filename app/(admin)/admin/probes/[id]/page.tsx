import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ProbeDashboard } from "#lib/read/probe-dashboard.ts";
import { loadProbeDashboard } from "#lib/read/probe-dashboard.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { fillText } from "../../../../_view/format.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { HeatMap } from "../../../_parts/heat-map.tsx";
import { spanOf } from "../../../_parts/oncall-words.ts";
import { ProbeControls } from "../../../_parts/probe-controls.tsx";
import { ProbeFacts } from "../../../_parts/probe-facts.tsx";
import { ProbePhases } from "../../../_parts/probe-phases.tsx";
import { ProbeRunNow } from "../../../_parts/probe-run-now.client.tsx";
import { ProbeRuns } from "../../../_parts/probe-runs.tsx";
import { probeAddress, probeQuestionOf } from "../../../_parts/probe-search.ts";
import { ProbeSides } from "../../../_parts/probe-sides.tsx";
import { DurationChart, ErrorChart, RateChart } from "../../../_parts/red-charts.tsx";
import type { AdminView, SearchParams } from "../../../_parts/view.ts";
import { adminView } from "../../../_parts/view.ts";
import "../../../_styles/probes.css";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({ title: (await params).id });

const Title = ({ view, dashboard }: { view: AdminView; dashboard: ProbeDashboard }) => {
  const { format, words, today } = view;
  const text = words.probes;
  const { probe, locations } = dashboard;
  return (
    <div className="title">
      <p className="small soft">
        <a className="quiet" href="/admin/services">
          {text.crumb}
        </a>
        {" / "}
        <a className="quiet" href={`/admin/services/${probe.serviceId}`}>
          {probe.serviceId}
        </a>
      </p>
      <h1>{probe.id}</h1>
      <p>
        {fillText(text.about, {
          type: probe.type,
          interval: spanOf(probe.interval, format),
          timeout: spanOf(probe.timeout, format),
          locations: format.list(locations.map(({ name }) => name)),
        })}{" "}
        <span className="soft">
          {fillText(text.version, { version: String(probe.version), time: format.when(probe.updatedAt, today) })}
        </span>
      </p>
    </div>
  );
};

const RunNow = ({ view, dashboard }: { view: AdminView; dashboard: ProbeDashboard }) => {
  const { probe } = dashboard;
  const { format, words } = view;
  const { runNow: text, classes, phases } = words.probes;
  const { failed, offline } = words.frame;
  if (!mayDo(view.session, "probes:write")) return null;
  const { milliseconds, locale } = format.words;
  return (
    <section aria-labelledby="run-now">
      <div className="head">
        <h2 id="run-now">{text.title}</h2>
      </div>
      <p className="small soft">{probe.type === "heartbeat" ? text.heartbeat : text.about}</p>
      {probe.type === "heartbeat" ? null : (
        <ProbeRunNow
          path={`/v1/probes/${probe.id}/run`}
          traceUrl={dashboard.traceUrl}
          words={{
            submit: text.submit,
            working: text.working,
            phases: text.phases,
            failures: text.failures,
            parts: text.parts,
            openTrace: words.probes.runs.openTrace,
            total: phases.total,
            phaseNames: phases.names,
            ...{ failed, offline, milliseconds, locale, classes },
          }}
        />
      )}
    </section>
  );
};

/** One probe: rate, errors and durations, where the time goes, each location, the last runs, and running it now. */
const ProbePage = async ({ params, searchParams }: Props) => {
  const search = await searchParams;
  const view = await adminView(search);
  const question = probeQuestionOf((await params).id, search);
  const dashboard = await loadProbeDashboard(view.cookie, question);
  if (dashboard === null) notFound();
  const { red, runs, sides } = dashboard;
  const { metrics, totals, heat } = red;
  const isOne = question.location !== null;
  const csv = probeAddress(question, { file: "red.csv" });
  return (
    <AdminFrame current="services" view={view}>
      <Title view={view} dashboard={dashboard} />
      <ProbeControls view={view} question={question} dashboard={dashboard} />
      <ProbeFacts isOne={isOne} view={view} metrics={metrics} totals={totals} />
      <div className="two">
        <RateChart view={view} metrics={metrics} csv={csv} isOne={isOne} />
        <ErrorChart view={view} metrics={metrics} csv={csv} isOne={isOne} />
        <DurationChart view={view} metrics={metrics} csv={csv} isOne={isOne} />
        <HeatMap
          view={view}
          metrics={metrics}
          heat={heat}
          csv={probeAddress(question, { file: "heat.csv" })}
          isOne={isOne}
        />
      </div>
      {sides.length === 0 ? null : <ProbeSides view={view} question={question} sides={sides} />}
      {runs.data.length === 0 ? null : <ProbePhases view={view} question={question} runs={runs.data} />}
      <ProbeRuns view={view} question={question} runs={runs} traceUrl={dashboard.traceUrl} />
      <RunNow view={view} dashboard={dashboard} />
    </AdminFrame>
  );
};
export default ProbePage;
