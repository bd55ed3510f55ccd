import type { ServiceDashboard } from "#lib/read/service-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import { neighboursOf } from "./dependency-layers.ts";
import { DependencyPicture } from "./dependency-picture.tsx";
import { RedHeads } from "./red-heads.tsx";
import { pairText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

type Props = { readonly view: AdminView; readonly dashboard: ServiceDashboard };

/** What a service needs and what needs it: the picture, and the table behind it. */
export const DependencySection = ({ view, dashboard }: Props) => {
  const { format, words } = view;
  const text = words.services;
  const { service, services, dependsOn } = dashboard;
  const neighbours = neighboursOf(service.id, dependsOn);
  const byId = new Map(services.map((one) => [one.id, one]));
  return (
    <section aria-labelledby="dependencies">
      <div className="head">
        <h2 id="dependencies">{text.dependencies}</h2>
        {neighbours.length === 1 ? null : (
          <a className="small" href={`/admin/services/${service.id}/dependencies.csv`}>
            {words.frame.csv}
          </a>
        )}
      </div>
      <p className="small soft">{neighbours.length === 1 ? text.independent : text.dependenciesNote}</p>
      {neighbours.length === 1 ? null : (
        <>
          <div className="scroll" tabIndex={0} role="group" aria-label={text.dependencies}>
            <DependencyPicture
              label={fillText(text.picture, { name: service.name })}
              neighbours={neighbours}
              dependsOn={dependsOn}
              services={byId}
            />
          </div>
          <details>
            <summary>{words.frame.table}</summary>
            <table>
              <RedHeads heads={[text.service, text.relation, text.state].map((name) => ({ name }))} />
              <tbody>
                {neighbours.map(({ id, relation }) => {
                  const state = byId.get(id)?.state ?? "unknown";
                  return (
                    <tr key={id}>
                      <th scope="row">
                        <a href={`/admin/services/${id}`}>{byId.get(id)?.name ?? id}</a>
                      </th>
                      <td>{text.relations[relation]}</td>
                      <td>
                        <StateMark role={ROLE_OF[state]} word={format.words.states[state]} />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </details>
        </>
      )}
    </section>
  );
};

/** Alerts of other services that nobody would be told of while this one fails, as the engine decides it. */
export const InhibitedSection = ({ view, dashboard }: Props) => {
  const { format, words } = view;
  const text = words.services;
  const { service, inhibited, services, isFiring } = dashboard;
  const nameOf = (id: string): string => services.find((one) => one.id === id)?.name ?? id;
  return (
    <section aria-labelledby="inhibited">
      <div className="head">
        <h2 id="inhibited">{text.inhibitedTitle}</h2>
        {inhibited.length === 0 ? null : (
          <a className="small" href={`/admin/services/${service.id}/inhibited.csv`}>
            {words.frame.csv}
          </a>
        )}
      </div>
      <p className="small soft">
        {inhibited.length === 0 ? text.inhibitedNone : format.plural(inhibited.length, text.inhibitedSome)}{" "}
        {inhibited.length > 0 && isFiring ? text.inhibitedNow : null}
      </p>
      {inhibited.length === 0 ? null : (
        <div className="scroll points" tabIndex={0} role="group" aria-label={text.inhibitedTitle}>
          <table>
            <RedHeads heads={[text.service, text.alert, text.keptBackBy].map((name) => ({ name }))} />
            <tbody>
              {inhibited.map(({ alert, by }) => (
                <tr key={`${alert.sloId} ${alert.pairId}`}>
                  <th scope="row">
                    <a href={`/admin/services/${alert.serviceId}`}>{nameOf(alert.serviceId)}</a>
                  </th>
                  <td>
                    <a href={`/admin/slos/${alert.sloId}`}>{alert.sloId}</a>{" "}
                    <span translate="no">{pairText(alert.pairId, view)}</span>
                  </td>
                  <td>{format.list(by.map((severity) => text.severities[severity]))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
