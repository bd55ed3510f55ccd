import type { AlertResource } from "#lib/contracts/alerts.ts";
import type { OnCallContext } from "#lib/read/on-call.ts";
import { Fill } from "../../_parts/fill.tsx";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { nameIn } from "./desk-words.ts";
import { figure, figureOf, resource } from "./figure.tsx";
import { OnCallActions } from "./oncall-actions.tsx";
import { WhyWords } from "./oncall-why.tsx";
import type { BurnRow } from "./oncall-words.ts";
import { burnRows, courseOf, failingWords, subjectOf } from "./oncall-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

export type AlertProps = { view: AdminView; alert: AlertResource; context: OnCallContext };

export const SeverityMark = ({ view, alert }: Pick<AlertProps, "view" | "alert">) => {
  const { oncall } = view.words;
  const word = alert.severity === "page" ? oncall.page : oncall.ticket;
  return alert.state === "resolved" ? (
    <StateMark role="ok" word={fillText(oncall.severityOver, { severity: word })} />
  ) : (
    <StateMark role={alert.severity === "page" ? "major" : "degraded"} word={word} />
  );
};

/** One window: as it fired, and as the objective burns now. */
const FigureRow = ({ view, sloId, row }: { view: AdminView; sloId: string; row: BurnRow }) => {
  const place = `/windows/${row.name}`;
  const isKnown = row.at >= 0;
  const now = { ...resource(`/v1/slos/${sloId}#`), ...figure("rate", `/reading/windows/${row.at}/burnRate`) };
  const parts = {
    bad: figureOf("count", `${place}/bad`, row.bad),
    total: figureOf("count", `${place}/total`, row.total),
  };
  return (
    <tr>
      <th scope="row">{row.last}</th>
      <td className="number">
        <Fill text={view.words.oncall.ofTotal} {...parts} />
      </td>
      <td className="number" {...figure("rate", `${place}/burnRate`)}>
        {row.burn}
      </td>
      <td className="number" {...(isKnown ? now : {})}>
        {row.now}
      </td>
      <td className="number soft" {...figure("limit", `${place}/threshold`)}>
        {row.limit}
      </td>
    </tr>
  );
};

const Figures = ({ view, alert, context }: AlertProps) => {
  if (alert.kind === "threshold") return null;
  const { columns, asItFired } = view.words.oncall;
  const burning = context.burning.find(({ id }) => id === alert.sloId) ?? null;
  const at = burning?.evaluatedAt ?? null;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.last}</th>
            <th scope="col" className="number">
              {columns.failed}
            </th>
            <th scope="col" className="number">
              {columns.burn}
            </th>
            <th scope="col" className="number">
              {columns.now}
            </th>
            <th scope="col" className="number">
              {columns.limit}
            </th>
          </tr>
        </thead>
        <tbody>
          {burnRows(alert, burning, view).map((row) => (
            <FigureRow key={row.last} view={view} sloId={alert.sloId} row={row} />
          ))}
        </tbody>
      </table>
      {at === null ? null : (
        <p className="small soft">{fillText(asItFired, { time: view.format.when(iso(at), view.today) })}</p>
      )}
    </>
  );
};

/** One alert with everything that the one who is woken needs: what, since when, why, and what to do. */
export const FiringAlert = ({ view, alert, context, level = 2 }: AlertProps & { level?: 1 | 2 }) => {
  const { oncall } = view.words;
  const Heading = level === 1 ? "h1" : "h2";
  const failing = failingWords(alert, view);
  const subject = subjectOf(alert, view);
  return (
    <article className="fire" aria-labelledby={alert.id} {...resource(`/v1/alerts/${alert.id}`)}>
      <p>
        <SeverityMark view={view} alert={alert} />
      </p>
      <Heading id={alert.id}>
        {level === 1 ? (
          subject
        ) : (
          <a className="quiet" href={`/admin/on-call/${alert.id}`}>
            {subject}
          </a>
        )}
      </Heading>
      <p className="small soft">{`${nameIn(context.services, alert.serviceId)} · ${courseOf(alert, view)}`}</p>
      <p className="why">
        <WhyWords alert={alert} view={view} />
      </p>
      <Figures view={view} alert={alert} context={context} />
      {failing === null ? null : <p className="small soft">{failing}</p>}
      {alert.acknowledgement === null ? null : (
        <p className="small">
          {fillText(oncall.acknowledgedBy, {
            name: alert.acknowledgement.author ?? view.words.frame.unknown,
            time: view.format.when(alert.acknowledgement.acknowledgedAt, view.today),
          })}
          {alert.acknowledgement.note === null ? null : `: ${alert.acknowledgement.note}`}
        </p>
      )}
      <OnCallActions view={view} alert={alert} context={context} />
    </article>
  );
};
