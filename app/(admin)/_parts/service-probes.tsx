import type { ServiceDashboard } from "#lib/read/service-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { createStamp, roleOfRun } from "./red-marks.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Props = { readonly view: AdminView; readonly dashboard: ServiceDashboard };

const Heads = ({ names }: { names: readonly string[] }) => (
  <thead>
    <tr>
      {names.map((name) => (
        <th scope="col" key={name}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

/** The probes of a service, each with its newest run at every location. */
export const ServiceProbes = ({ view, dashboard: { service, latest } }: Props) => {
  const text = view.words.services;
  const { classes } = view.words.probes;
  const stamp = createStamp(view);
  return (
    <section aria-labelledby="probes">
      <div className="head">
        <h2 id="probes">{text.probesTitle}</h2>
      </div>
      {service.probes.length === 0 ? (
        <p className="soft">{text.noProbes}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={text.probesTitle}>
          <table>
            <Heads names={[text.probe, text.type, text.every, text.last]} />
            <tbody>
              {service.probes.map(({ id, type, interval }) => {
                const runs = latest.filter(({ probeId }) => probeId === id);
                return (
                  <tr key={id}>
                    <th scope="row">
                      <a href={`/admin/probes/${id}`}>{id}</a>
                    </th>
                    <td>{type}</td>
                    <td>{interval}</td>
                    <td>
                      {runs.length === 0 ? <span className="soft">{text.neverRun}</span> : null}
                      {runs.map((run) => (
                        <div key={run.locationId}>
                          <StateMark role={roleOfRun(run)} word={classes[run.class]} />{" "}
                          <span className="soft">
                            {run.locationId} · {stamp(iso(run.at))}
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

/** The promises of a service with how they stand. */
export const ServiceSlos = ({ view, dashboard: { slos } }: Props) => {
  const { format } = view;
  const text = view.words.services;
  return (
    <section aria-labelledby="slos">
      <div className="head">
        <h2 id="slos">{text.slosTitle}</h2>
      </div>
      {slos.length === 0 ? (
        <p className="soft">{text.noSlos}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={text.slosTitle}>
          <table>
            <Heads names={[text.slo, text.now, text.objective, text.attained, text.left]} />
            <tbody>
              {slos.map(({ id, definition, reading }) => {
                const budget = reading?.budget ?? null;
                const remaining = budget?.remaining ?? null;
                return (
                  <tr key={id}>
                    <th scope="row">
                      <a href={`/admin/slos/${id}`}>{id}</a>
                    </th>
                    <td>
                      <Standing view={view} isMet={budget?.isMet ?? null} />
                    </td>
                    <td>{format.percentText(definition.objective)}</td>
                    <td>
                      {budget === null || budget.total === 0 ? "–" : format.percentOf(budget.good, budget.total, 3)}
                    </td>
                    <td className={remaining !== null && remaining < 0 ? "major" : undefined}>
                      {remaining === null ? "–" : format.percent(remaining, 1)}
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
