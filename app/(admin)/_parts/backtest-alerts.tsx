import type { BacktestResource } from "#lib/read/slo/expectations.ts";
import { pairText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

const MOST = 50;

type Props = { result: BacktestResource; view: AdminView; today: string };

/** The newest episodes that a backtest found. */
export const BacktestAlerts = ({ result, view, today }: Props) => {
  const { alerts, backtest } = view.words.sloPage;
  const { format } = view;
  const time = (at: string) => <time dateTime={at}>{format.when(at, today)}</time>;
  if (result.alerts.length === 0) return <p className="small soft">{backtest.noAlerts}</p>;
  return (
    <details>
      <summary>{backtest.alerts}</summary>
      <div className="points" tabIndex={0} role="group" aria-label={backtest.alerts}>
        <table>
          <thead>
            <tr>
              <th scope="col">{alerts.pair}</th>
              <th scope="col">{alerts.fired}</th>
              <th scope="col">{alerts.resolved}</th>
            </tr>
          </thead>
          <tbody>
            {result.alerts
              .slice(-MOST)
              .reverse()
              .map(({ pair, firedAt, resolvedAt }) => (
                <tr key={`${pair} ${firedAt}`}>
                  <th scope="row">{pairText(pair, view)}</th>
                  <td>{time(firedAt)}</td>
                  <td>{resolvedAt === null ? alerts.firing : time(resolvedAt)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  );
};
