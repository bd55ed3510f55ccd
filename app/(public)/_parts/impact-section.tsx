import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { spanShapes } from "../../_view/impact-shapes.ts";
import type { ServiceSpans } from "../../_view/incident.ts";
import { impactSpans } from "../../_view/incident.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import { Instant } from "./instant.tsx";
import type { View } from "./view.ts";

type Range = { readonly from: string; readonly until: string };

const Drawing = ({ spans, range }: { spans: ServiceSpans; range: Range }) => (
  <svg className="impact" viewBox="0 0 720 28" preserveAspectRatio="none" aria-hidden="true">
    {spanShapes(spans.spans, range).map(({ role, x, width, y, height }) => (
      <rect key={`${x} ${y}`} className={role} x={x} y={y} width={width} height={height} />
    ))}
  </svg>
);

/** How each service was while the incident lasted: drawn, and as a table. */
export const ImpactSection = ({ incident, view }: { incident: SnapshotIncident; view: View }) => {
  const { words } = view.format;
  const known = impactSpans(incident);
  if (known.length === 0) return null;
  const names = new Map(view.snapshot.services.map(({ id, name }) => [id, name]));
  const shown = known.filter(({ serviceId }) => names.has(serviceId));
  const range = { from: incident.startedAt, until: incident.resolvedAt ?? view.now };
  return (
    <section aria-labelledby="impact">
      <div className="head">
        <h2 id="impact">{words.incident.impactTitle}</h2>
      </div>
      {shown.map((spans) => (
        <figure className="impact-of" key={spans.serviceId}>
          <figcaption>{names.get(spans.serviceId)}</figcaption>
          <Drawing spans={spans} range={range} />
        </figure>
      ))}
      <div className="impact-axis" aria-hidden="true">
        <Instant at={range.from} view={view} />
        <Instant at={range.until} view={view} />
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label={words.incident.impactTitle}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.incident.impactFrom}</th>
              <th scope="col">{words.incident.impactService}</th>
              <th scope="col">{words.incident.impactState}</th>
            </tr>
          </thead>
          <tbody>
            {shown.flatMap(({ serviceId, spans }) =>
              spans.map(({ from, state }) => (
                <tr key={`${serviceId} ${from}`}>
                  <td>
                    <Instant at={from} view={view} />
                  </td>
                  <td>{names.get(serviceId)}</td>
                  <td>
                    <StateMark role={ROLE_OF[state]} word={words.states[state]} />
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
};
