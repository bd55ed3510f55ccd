import type { AlertResource } from "#lib/contracts/alerts.ts";
import type { OnCallContext } from "#lib/read/on-call.ts";
import { fillText } from "../../_view/format.ts";
import { DeskForm } from "./desk-form.tsx";
import { nameIn } from "./desk-words.ts";
import { SeverityMark } from "./oncall-alert.tsx";
import { courseOf, subjectOf, windowsOf } from "./oncall-words.ts";
import type { AdminView } from "./view.ts";

type Props = { view: AdminView; alert: AlertResource; context: OnCallContext };

/** Why nobody is told of it. */
export const QuietReasons = ({ view, alert, context }: Props) => {
  const { words, format, today } = view;
  const known = context.silences.filter(({ id }) => alert.silencedBy.includes(id));
  const gone = alert.silencedBy.filter((id) => !known.some((silence) => silence.id === id));
  return (
    <>
      {known.map((silence) => (
        <div key={silence.id} className="stack">
          <p className="small">
            {fillText(words.oncall.silencedUntil, {
              time: format.when(silence.endsAt, today),
              name: silence.author,
              comment: silence.comment,
            })}
          </p>
          <DeskForm
            view={view}
            scope="silences:write"
            method="POST"
            path={`/v1/silences/${silence.id}/expire`}
            submit={words.oncall.endSilence}
            confirm={words.oncall.endSilenceConfirm}
            about={subjectOf(alert, view)}
            tone="plain"
          />
        </div>
      ))}
      {gone.length === 0 ? null : (
        <p className="small">{fillText(words.oncall.silencedUnknown, { ids: format.list(gone) })}</p>
      )}
      {alert.inhibitedBy.length === 0 ? null : (
        <p className="small">{fillText(words.oncall.inhibited, { alerts: format.list(alert.inhibitedBy) })}</p>
      )}
      {alert.mutedBy.length === 0 ? null : (
        <p className="small">{fillText(words.oncall.muted, { alerts: format.list(alert.mutedBy) })}</p>
      )}
    </>
  );
};

/** An alert as one line: quiet ones with the reason, those that are over with their end. */
export const AlertLine = ({ view, alert, context, children }: Props & { children?: React.ReactNode }) => (
  <li className="incident">
    <SeverityMark view={view} alert={alert} />
    <a className="name" href={`/admin/on-call/${alert.id}`}>
      {subjectOf(alert, view)}
    </a>
    <p className="small soft">
      {[nameIn(context.services, alert.serviceId), windowsOf(alert, view), courseOf(alert, view)].join(" · ")}
    </p>
    {children}
  </li>
);
