import type { SloAlert } from "#lib/read/slo-dashboard.ts";
import { fillText } from "../../_view/format.ts";
import { pairText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Props = { alerts: readonly SloAlert[]; view: AdminView; today: string };

const NEWEST = 50;

/** Why nobody is told of it, who looks after it; a firing alert is kept whatever stands here. */
const marksOf = (alert: SloAlert, { words }: AdminView): string[] => {
  const { alerts } = words.sloPage;
  return [
    ...(alert.hasData ? [] : [alerts.noData]),
    ...(alert.silencedBy.length > 0 ? [alerts.silenced] : []),
    ...(alert.inhibitedBy.length > 0 ? [alerts.inhibited] : []),
    ...(alert.mutedBy.length > 0 ? [alerts.muted] : []),
    ...(alert.acknowledgedBy === null ? [] : [fillText(alerts.acknowledged, { name: alert.acknowledgedBy })]),
  ];
};

const Row = ({ alert, view, today }: { alert: SloAlert } & Omit<Props, "alerts">) => {
  const { format, words } = view;
  const { alerts } = words.sloPage;
  const { consumedRatio } = alert.firingReading.budget;
  return (
    <tr>
      <th scope="row">{pairText(alert.pairId, view)}</th>
      <td>
        <time dateTime={iso(alert.firedAt)}>{format.when(iso(alert.firedAt), today)}</time>
      </td>
      {alert.resolvedAt === null || alert.resolveReason === null ? (
        <td className="major">{[alerts.firing, ...marksOf(alert, view)].join(", ")}</td>
      ) : (
        <td>
          {fillText(alerts.ended, {
            time: format.when(iso(alert.resolvedAt), today),
            reason: alerts.reasons[alert.resolveReason],
          })}
        </td>
      )}
      <td className="number">{consumedRatio === null ? "–" : format.percent(Number(consumedRatio), 1)}</td>
    </tr>
  );
};

/** What fired on this SLO and how it ended; what fires now comes first. */
export const AlertTable = ({ alerts, view, today }: Props) => {
  const words = view.words.sloPage.alerts;
  return (
    <section aria-labelledby="alerts">
      <div className="head">
        <h2 id="alerts">{words.title}</h2>
        {alerts.length < NEWEST ? null : (
          <p className="soft">{fillText(words.newest, { count: view.format.integer(NEWEST) })}</p>
        )}
      </div>
      {alerts.length === 0 ? (
        <p className="soft">{words.none}</p>
      ) : (
        <div className="scroll history" tabIndex={0} role="group" aria-label={words.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.pair}</th>
                <th scope="col">{words.fired}</th>
                <th scope="col">{words.resolved}</th>
                <th scope="col" className="number">
                  {words.spent}
                </th>
              </tr>
            </thead>
            <tbody>
              {alerts.map((alert) => (
                <Row key={alert.id} alert={alert} view={view} today={today} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};
