import type { SloAlert } from "#lib/read/slo/dashboard.ts";
import { Fill } from "../../_parts/fill.tsx";
import { fillText } from "../../_view/format.ts";
import { figure, resource } from "./figure.tsx";
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
    <tr {...resource(`/v1/alerts/${alert.id}#`)}>
      <th scope="row">{pairText(alert.pairId, view)}</th>
      <td>
        <time dateTime={iso(alert.firedAt)}>{format.when(iso(alert.firedAt), today)}</time>
      </td>
      {alert.resolvedAt === null || alert.resolveReason === null ? (
        <td className="major" translate="no">
          {[alerts.firing, ...marksOf(alert, view)].join(", ")}
        </td>
      ) : (
        <td>
          <Fill
            text={alerts.ended}
            time={<time dateTime={iso(alert.resolvedAt)}>{format.when(iso(alert.resolvedAt), today)}</time>}
            reason={alerts.reasons[alert.resolveReason]}
          />
        </td>
      )}
      <td className="number" {...figure("share", "/budget/consumedRatio")}>
        {consumedRatio === null ? "–" : format.percent(Number(consumedRatio), 1)}
      </td>
    </tr>
  );
};

/** What fired on this SLO and how it ended; what fires now comes first. */
export const AlertTable = ({ id, alerts, view, today }: Props & { id: string }) => {
  const words = view.words.sloPage.alerts;
  return (
    <section aria-labelledby="alerts">
      <div className="head">
        <h2 id="alerts">{words.title}</h2>
        {alerts.length === 0 ? null : (
          <p className="soft">
            {alerts.length < NEWEST ? null : `${fillText(words.newest, { count: view.format.integer(NEWEST) })} · `}
            <a href={`/admin/slos/${id}/alerts.csv`}>{view.words.frame.csv}</a>
          </p>
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
