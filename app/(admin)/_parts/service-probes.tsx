import type { ServiceDashboard } from "#lib/read/service-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { figure, resource } from "./figure.tsx";
import { spanOf } from "./oncall-words.ts";
import { RedHeads } from "./red-heads.tsx";
import { createStamp, roleOfRun } from "./red-marks.ts";
import { attainedText, budgetText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Props = { readonly view: AdminView; readonly dashboard: ServiceDashboard };

/** The probes of a service, each with its newest run at every location. */
export const ServiceProbes = ({ view, dashboard: { service, latest } }: Props) => {
  const text = view.words.services;
  const { classes } = view.words.probes;
  const stamp = createStamp(view);
  return (
    <section aria-labelledby="probes">
      <div className="head">
        <h2 id="probes">{text.probesTitle}</h2>
        {service.probes.length === 0 ? null : (
          <a className="small" href={`/admin/services/${service.id}/probes.csv`}>
            {view.words.frame.csv}
          </a>
        )}
      </div>
      {service.probes.length === 0 ? (
        <p className="soft">{text.noProbes}</p>
      ) : (
        <div
          className="scroll"
          tabIndex={0}
          role="group"
          aria-label={text.probesTitle}
          {...resource(`/v1/services/${service.id}`)}
        >
          <table>
            <RedHeads heads={[text.probe, text.type, text.every, text.last].map((name) => ({ name }))} />
            <tbody>
              {service.probes.map(({ id, type, interval }, at) => {
                const runs = latest.filter(({ probeId }) => probeId === id);
                return (
                  <tr key={id}>
                    <th scope="row">
                      <a href={`/admin/probes/${id}`}>{id}</a>
                    </th>
                    <td>{type}</td>
                    <td {...figure("duration", `/probes/${at}/interval`)}>{spanOf(interval, view.format)}</td>
                    <td>
                      {runs.length === 0 ? <span className="soft">{text.neverRun}</span> : null}
                      {runs.map((run) => (
                        <div key={run.locationId}>
                          <StateMark role={roleOfRun(run)} word={classes[run.class]} />{" "}
                          <span className="soft">
                            <span translate="no">{run.locationId}</span> ·{" "}
                            <time dateTime={iso(run.at)}>{stamp(iso(run.at))}</time>
                          </span>
                        </div>
                      ))}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};

const Standing = ({ view, isMet }: { view: AdminView; isMet: boolean | null }) => {
  const text = view.words.services;
  if (isMet === null) return <StateMark role="none" word={text.noReading} />;
  return isMet ? <StateMark role="ok" word={text.met} /> : <StateMark role="partial" word={text.missed} />;
};

const SloRow = ({ view, slo }: { view: AdminView; slo: ServiceDashboard["slos"][number] }) => {
  const { id, definition, reading } = slo;
  const { format } = view;
  const { good = 0, total = 0, remaining = null, isMet = null } = reading?.budget ?? {};
  return (
    <tr {...resource(`/v1/slos/${id}`)}>
      <th scope="row">
        <a href={`/admin/slos/${id}`}>{id}</a>
      </th>
      <td>
        <Standing view={view} isMet={isMet} />
      </td>
      <td className="number" {...figure("percent", "/objective")}>
        {format.percentText(definition.objective)}
      </td>
      <td className="number" {...figure("attained", "")}>
        {attainedText(good, total, definition.objective, format)}
      </td>
      <td
        className={remaining !== null && remaining < 0 ? "number major" : "number"}
        {...figure("budget", "/reading/budget/remainingRatio")}
      >
        {budgetText(remaining, format)}
      </td>
    </tr>
  );
};

/** The promises of a service with how they stand. */
export const ServiceSlos = ({ view, dashboard: { service, slos } }: Props) => {
  const text = view.words.services;
  return (
    <section aria-labelledby="slos">
      <div className="head">
        <h2 id="slos">{text.slosTitle}</h2>
        {slos.length === 0 ? null : (
          <a className="small" href={`/admin/services/${service.id}/slos.csv`}>
            {view.words.frame.csv}
          </a>
        )}
      </div>
      {slos.length === 0 ? (
        <p className="soft">{text.noSlos}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={text.slosTitle}>
          <table>
            <RedHeads
              heads={[
                { name: text.slo },
                { name: text.now },
                ...[text.objective, text.attained, text.left].map((name) => ({ name, kind: "number" as const })),
              ]}
            />
            <tbody>
              {slos.map((slo) => (
                <SloRow key={slo.id} view={view} slo={slo} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
