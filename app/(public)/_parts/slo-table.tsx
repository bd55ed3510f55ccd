import type { SnapshotService, SnapshotSlo } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { budgetLeftText, digitsFor, windowText } from "../../_view/slo-line.ts";
import { Instant } from "./instant.tsx";
import type { View } from "./view.ts";

const Row = ({ slo, view }: { slo: SnapshotSlo; view: View }) => {
  const { format } = view;
  const { words } = format;
  const measures =
    slo.thresholdMs === null
      ? words.sli.availability
      : words.sli.latency.replace("{threshold}", format.response(slo.thresholdMs));
  const failed = words.service.failedOf
    .replace("{bad}", format.integer(slo.total - slo.good))
    .replace("{total}", format.integer(slo.total));
  return (
    <tr>
      <th scope="row">{`${measures}, ${format.percentText(slo.objective)}`}</th>
      <td>{windowText(slo, format)}</td>
      <td className="number">
        {slo.attained === null ? "–" : format.percentOf(slo.good, slo.total, digitsFor(slo.objective))}
        {slo.isMet === null ? null : (
          <>
            <br />
            <span className={slo.isMet ? "soft" : "major"}>{slo.isMet ? words.service.met : words.service.missed}</span>
          </>
        )}
      </td>
      <td className="number">{budgetLeftText(slo, format) ?? "–"}</td>
      <td className="number">{slo.total === 0 ? "–" : failed}</td>
      <td className="number">{slo.coverage === null ? "–" : format.percent(slo.coverage, 1)}</td>
      <td>
        {slo.burning === null ? (
          <span className="soft">{words.service.notBurning}</span>
        ) : (
          <Fill
            text={words.service.burning}
            rate={format.rate(slo.burning.burnRate)}
            time={<Instant at={slo.burning.since} view={view} />}
          />
        )}
      </td>
    </tr>
  );
};

/** Every objective of a service with the numbers behind it. */
export const SloTable = ({ service, view }: { service: SnapshotService; view: View }) => {
  const { service: words } = view.format.words;
  const { column } = words;
  return (
    <section aria-labelledby="objectives">
      <div className="head">
        <h2 id="objectives">{words.objectives}</h2>
      </div>
      {service.slos.length === 0 ? (
        <p className="soft">{words.noObjectives}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={words.objectives}>
          <table>
            <thead>
              <tr>
                <th scope="col">{column.objective}</th>
                <th scope="col">{column.window}</th>
                <th scope="col" className="number">
                  {column.attained}
                </th>
                <th scope="col" className="number">
                  {column.budgetLeft}
                </th>
                <th scope="col" className="number">
                  {column.failed}
                </th>
                <th scope="col" className="number">
                  {column.coverage}
                </th>
                <th scope="col">{column.burning}</th>
              </tr>
            </thead>
            <tbody>
              {service.slos.map((slo) => (
                <Row key={slo.id} slo={slo} view={view} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
