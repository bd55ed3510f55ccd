import type { AlertResource } from "#lib/contracts/alerts.ts";
import type { OnCallContext } from "#lib/read/on-call.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { fillText } from "../../_view/format.ts";
import { SelectField, TextField } from "./desk-fields.tsx";
import { DeskForm } from "./desk-form.tsx";
import { isWaiting, titleOf } from "./desk-words.ts";
import { subjectOf } from "./oncall-words.ts";
import type { AdminView } from "./view.ts";

type Props = { view: AdminView; alert: AlertResource; context: OnCallContext };

const Acknowledge = ({ view, alert }: Omit<Props, "context">) => {
  const { oncall } = view.words;
  const isHeld = alert.acknowledgement !== null;
  return (
    <DeskForm
      key={isHeld ? "held" : "free"}
      view={view}
      scope="alerts:write"
      method="POST"
      path={`/v1/alerts/${alert.id}/${isHeld ? "unacknowledge" : "acknowledge"}`}
      submit={isHeld ? oncall.unacknowledge : oncall.acknowledge}
      done={oncall.acknowledged}
      about={subjectOf(alert, view)}
      tone={isHeld ? "plain" : "main"}
    />
  );
};

const Silence = ({ view, alert }: Omit<Props, "context">) => {
  const { oncall } = view.words;
  const form = `silence-${alert.id}`;
  return (
    <details className="act big">
      <summary>
        {oncall.silence}
        <span className="hidden">{`: ${subjectOf(alert, view)}`}</span>
      </summary>
      <DeskForm
        view={view}
        scope="silences:write"
        method="POST"
        path="/v1/silences"
        submit={oncall.silence}
        done={oncall.silenced}
        about={subjectOf(alert, view)}
        tone="plain"
      >
        <SelectField
          form={form}
          name="endsAt"
          kind="minutes"
          label={oncall.silenceFor}
          value="60"
          choices={Object.entries(oncall.spans).map(([value, label]) => ({ value, label }))}
        />
        <TextField form={form} name="comment" label={oncall.why} value={oncall.whyDefault} isRequired />
        {alert.sloId === null ? (
          <>
            <input type="hidden" name="serviceIds" data-kind="list" value={alert.serviceId} />
            <input type="hidden" name="pairs" data-kind="list" value={alert.pair} />
          </>
        ) : (
          <input type="hidden" name="sloIds" data-kind="list" value={alert.sloId} />
        )}
      </DeskForm>
    </details>
  );
};

/** The incident that it belongs to; else the open ones of its service; else a new one. */
const ToIncident = ({ view, alert, context }: Props) => {
  const { oncall } = view.words;
  const own = context.incidents.find(({ alertIds }) => alertIds.includes(alert.id));
  if (own !== undefined)
    return (
      <a className="button" href={`/admin/incidents/${own.id}`}>
        {fillText(isWaiting(own) ? oncall.toDraft : oncall.toIncident, { name: titleOf(own, view) })}
      </a>
    );
  const related = context.incidents.filter(({ serviceIds }) => serviceIds.includes(alert.serviceId));
  return (
    <>
      {related.map((incident) => (
        <DeskForm
          key={incident.id}
          view={view}
          method="POST"
          path={`/v1/incidents/${incident.id}/alerts`}
          submit={fillText(oncall.attach, { name: titleOf(incident, view) })}
          done={oncall.attached}
          about={subjectOf(alert, view)}
          tone="plain"
        >
          <input type="hidden" name="alertId" value={alert.id} />
        </DeskForm>
      ))}
      {mayDo(view.session, "incidents:write") ? (
        <a className="button" href={`/admin/incidents/new?${new URLSearchParams({ alert: alert.id })}`}>
          {oncall.openIncident}
          <span className="hidden">{`: ${subjectOf(alert, view)}`}</span>
        </a>
      ) : null}
    </>
  );
};

/** What the one who was woken can do: large, in the order in which it is needed. */
export const OnCallActions = (props: Props) => {
  const { view, alert } = props;
  const { oncall } = view.words;
  return (
    <div className="acts">
      {alert.state === "firing" ? <Acknowledge view={view} alert={alert} /> : null}
      <ToIncident {...props} />
      {alert.state === "firing" && alert.silencedBy.length === 0 ? <Silence view={view} alert={alert} /> : null}
      <p className="links small">
        {alert.sloId === null ? null : <a href={`/admin/slos/${alert.sloId}`}>{oncall.dashboard}</a>}
        {alert.links.runbook === null ? null : (
          <a href={alert.links.runbook} rel="noopener noreferrer">
            {oncall.runbook}
          </a>
        )}
      </p>
    </div>
  );
};
