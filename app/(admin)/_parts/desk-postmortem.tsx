import type { IncidentResource, PostmortemDraft } from "#lib/contracts/incidents.ts";
import type { Format } from "../../_view/format.ts";
import { fillText } from "../../_view/format.ts";
import { costPeriod, shareText } from "../../_view/incident.ts";
import { AreaField, Switch, Translations } from "./desk-fields.tsx";
import { DeskForm } from "./desk-form.tsx";
import type { Named } from "./desk-words.ts";
import { nameIn } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type Cost = PostmortemDraft["costs"][number];
type Props = { view: AdminView; incident: IncidentResource; draft: PostmortemDraft; services: readonly Named[] };

const shareOf = ({ consumedRatio }: Cost, format: Format): string => {
  if (consumedRatio === null) return "–";
  return Number(consumedRatio) === 0 ? format.percent(0, 0) : shareText(Number(consumedRatio), format);
};

const CostTable = ({ view, draft, services }: Omit<Props, "incident">) => {
  const { format } = view;
  const { postmortem } = view.words.desk;
  if (draft.costs.length === 0) return <p className="soft">{postmortem.noCost}</p>;
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={postmortem.cost}>
      <table>
        <caption className="small soft">{postmortem.cost}</caption>
        <thead>
          <tr>
            <th scope="col">{postmortem.slo}</th>
            <th scope="col" className="number">
              {postmortem.failed}
            </th>
            <th scope="col" className="number">
              {postmortem.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {draft.costs.map((cost) => (
            <tr key={cost.sloId}>
              <th scope="row">
                <a href={`/admin/slos/${cost.sloId}`}>{cost.sloId}</a>
                <small>{`${nameIn(services, cost.serviceId)} · ${format.percentText(cost.objective)}`}</small>
              </th>
              <td className="number">{format.integer(cost.bad)}</td>
              <td className="number">
                <b>{shareOf(cost, format)}</b>
                <small>
                  {fillText(postmortem.ofWindow, {
                    window: costPeriod({ ...cost, share: Number(cost.consumedRatio ?? 0) }, format),
                  })}
                </small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const Times = ({ view, draft }: Pick<Props, "view" | "draft">) => {
  const { postmortem } = view.words.desk;
  const span = (seconds: number | null): string =>
    seconds === null ? postmortem.unknown : view.format.span(seconds * 1_000);
  const facts = [
    [postmortem.times.detected, draft.times.detectionSeconds],
    [postmortem.times.acknowledged, draft.times.acknowledgementSeconds],
    [postmortem.times.resolved, draft.times.resolutionSeconds],
  ] as const;
  return (
    <dl className="facts">
      {facts.map(([name, seconds]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{span(seconds)}</dd>
        </div>
      ))}
    </dl>
  );
};

/** What was measured of an incident that is over, and the text that people make of it. */
export const Postmortem = ({ view, incident, draft, services }: Props) => {
  const { postmortem, fields } = view.words.desk;
  const isPublished = incident.updates.some(
    ({ status, publishedAt }) => status === "postmortem" && publishedAt !== null,
  );
  return (
    <section aria-labelledby="postmortem" className="stack">
      <h2 id="postmortem">{postmortem.title}</h2>
      <Times view={view} draft={draft} />
      <CostTable view={view} draft={draft} services={services} />
      {isPublished ? (
        <p className="soft">{postmortem.isPublished}</p>
      ) : (
        <DeskForm
          view={view}
          method="POST"
          path={`/v1/incidents/${incident.id}/updates`}
          submit={postmortem.publish}
          done={view.words.desk.published}
        >
          <input type="hidden" name="status" value="postmortem" />
          <AreaField
            form="postmortem"
            name="message"
            label={postmortem.title}
            hint={postmortem.hint}
            value={draft.text}
            rows={16}
            isRequired
          />
          <Switch form="postmortem" name="notify" label={fields.notify} isOn />
          <Translations view={view} form="postmortem" withTitle={false} />
        </DeskForm>
      )}
    </section>
  );
};
