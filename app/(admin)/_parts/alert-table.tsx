import type { SloAlert } from "#lib/read/slo-dashboard.ts";
import type { Format } from "../../_view/format.ts";
import { pairWords, severityWord } from "./slo-words.ts";
import { iso } from "./view.ts";

const REASONS: Record<NonNullable<SloAlert["resolveReason"]>, string> = {
  recovered: "recovered",
  no_data: "no data",
  excluded: "excluded",
  policy_changed: "policy changed",
};

type Props = { alerts: readonly SloAlert[]; format: Format; today: string };

/** Why nobody is told of it, who looks after it; a firing alert is kept whatever stands here. */
const marksOf = (alert: SloAlert): string[] => [
  ...(alert.hasData ? [] : ["no data"]),
  ...(alert.silencedBy.length > 0 ? ["silenced"] : []),
  ...(alert.inhibitedBy.length > 0 ? ["inhibited by a dependency"] : []),
  ...(alert.mutedBy.length > 0 ? ["muted by page"] : []),
  ...(alert.acknowledgedBy === null ? [] : [`acknowledged by ${alert.acknowledgedBy}`]),
];

const Row = ({ alert, format, today }: { alert: SloAlert } & Omit<Props, "alerts">) => {
  const { consumedRatio } = alert.firingReading.budget;
  return (
    <tr>
      <th scope="row">{`${severityWord[alert.severity]}, ${pairWords(alert.pairId)}`}</th>
      <td>
        <time dateTime={iso(alert.firedAt)}>{format.when(iso(alert.firedAt), today)}</time>
      </td>
      {alert.resolvedAt === null || alert.resolveReason === null ? (
        <td className="major">{["firing", ...marksOf(alert)].join(", ")}</td>
      ) : (
        <td>
          <time dateTime={iso(alert.resolvedAt)}>{format.when(iso(alert.resolvedAt), today)}</time>
          {`, ${REASONS[alert.resolveReason]}`}
        </td>
      )}
      <td className="number">{consumedRatio === null ? "–" : format.percent(Number(consumedRatio), 1)}</td>
    </tr>
  );
};

/** What fired on this SLO and how it ended; what fires now comes first. */
export const AlertTable = ({ alerts, format, today }: Props) => {
  return (
    <section aria-labelledby="alerts">
      <div className="head">
        <h2 id="alerts">Alerts</h2>
        <p className="soft">the newest {format.integer(50)}</p>
      </div>
      {alerts.length === 0 ? (
        <p className="soft">None so far.</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label="Alerts">
          <table>
            <thead>
              <tr>
                <th scope="col">Pair</th>
                <th scope="col">Fired</th>
                <th scope="col">Resolved</th>
                <th scope="col" className="number">
                  Budget spent
                </th>
              </tr>
            </thead>
            <tbody>
              {alerts.map((alert) => (
                <Row key={alert.id} alert={alert} format={format} today={today} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
