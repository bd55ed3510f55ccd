import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { eventSliOf } from "#lib/core/slo/definition.ts";
import { loadSloBurnDown } from "#lib/read/slo-burn-down.ts";
import type { SloAlert, SloWithReading } from "#lib/read/slo-dashboard.ts";
import { loadSlo } from "#lib/read/slo-dashboard.ts";
import { loadSloExpectations } from "#lib/read/slo-expectations.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../../_parts/glyph.tsx";
import type { Format } from "../../../../_view/format.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { AlertTable } from "../../../_parts/alert-table.tsx";
import { BudgetSection } from "../../../_parts/budget-section.tsx";
import { BurnTable } from "../../../_parts/burn-table.tsx";
import { ExclusionSection } from "../../../_parts/exclusion-section.tsx";
import { FeasibilitySection } from "../../../_parts/feasibility-section.tsx";
import { PolicySection } from "../../../_parts/policy-section.tsx";
import { SloFacts } from "../../../_parts/slo-facts.tsx";
import { promise } from "../../../_parts/slo-words.ts";
import { adminFormat, iso, signedInCookie } from "../../../_parts/view.ts";

type Props = { params: Promise<{ id: string }> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({ title: (await params).id });

type StandingProps = { alerts: readonly SloAlert[]; format: Format; today: string; isEvaluated: boolean };

const Standing = ({ alerts, format, today, isEvaluated }: StandingProps) => {
  const firing = alerts.filter(({ state }) => state === "firing").sort((a, b) => a.firedAt - b.firedAt);
  const worst = firing.find(({ severity }) => severity === "page") ?? firing[0];
  if (worst === undefined && !isEvaluated) return <StateMark role="none" word="Not evaluated yet" />;
  if (worst === undefined) return <StateMark role="ok" word="Nothing fires" />;
  const word = worst.severity === "page" ? "Page firing since" : "Ticket firing since";
  return (
    <StateMark
      role={worst.severity === "page" ? "major" : "degraded"}
      word={`${word} ${format.when(iso(worst.firedAt), today)}`}
    />
  );
};

const Definition = ({ slo, format, today }: { slo: SloWithReading; format: Format; today: string }) => {
  const { sli, probes } = slo.definition;
  const event = eventSliOf(sli);
  const good =
    event.kind === "availability"
      ? "the check succeeds"
      : `the answer comes within ${format.response(event.thresholdMs)}`;
  return (
    <section aria-labelledby="definition">
      <div className="head">
        <h2 id="definition">Definition</h2>
      </div>
      <div className="prose">
        <p>
          {`Good: ${good}. Counted per slot, by majority of the locations that reported, over ${probes.length === 1 ? "the probe" : "the probes"} ${format.list(probes)}.`}
        </p>
        <p className="soft">
          {`Definition ${slo.version}, in force since ${format.when(iso(slo.activeFrom), today)}. It stands in the configuration file.`}
        </p>
      </div>
    </section>
  );
};

/** One SLO: how it stands, its budget over time, how fast it burns over every window, what fired, what it promises. */
const SloPage = async ({ params }: Props) => {
  const cookie = await signedInCookie();
  const { id } = await params;
  const found = await loadSlo(cookie, id);
  if (found === null) notFound();
  const { slo, alerts } = found;
  const points = await loadSloBurnDown(cookie, slo);
  const { feasibility, forecast, gate, exclusions } = await loadSloExpectations(cookie, slo);
  const format = adminFormat();
  const today = iso(slo.evaluatedAt ?? getWebContext().clock.now());
  return (
    <AdminFrame current="slos">
      <div className="title">
        <p className="small soft">
          <a className="quiet" href="/admin/slos">
            SLOs
          </a>
          {" / "}
          <a className="quiet" href={`/services/${slo.serviceId}`}>
            {slo.serviceName}
          </a>
        </p>
        <h1>{slo.id}</h1>
        <p>{`${promise(slo.definition, format)}.`}</p>
        <p>
          <Standing alerts={alerts} format={format} today={today} isEvaluated={slo.evaluatedAt !== null} />{" "}
          {slo.evaluatedAt === null ? null : (
            <span className="soft small">
              · complete minutes until <time dateTime={today}>{format.time(today)}</time>, {format.zone(today)}
            </span>
          )}
        </p>
      </div>
      <SloFacts slo={slo} format={format} />
      {forecast === null ? null : <p>{forecast.summary}</p>}
      <BudgetSection slo={slo} points={points} format={format} />
      <div className="two">
        <BurnTable reading={slo.reading} format={format} />
        <AlertTable alerts={alerts} format={format} today={today} />
      </div>
      <PolicySection slo={slo} gate={gate} format={format} today={today} />
      <ExclusionSection exclusions={exclusions} format={format} today={today} />
      <FeasibilitySection feasibility={feasibility} format={format} />
      <Definition slo={slo} format={format} today={today} />
    </AdminFrame>
  );
};
export default SloPage;
