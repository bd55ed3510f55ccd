import type { IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { fillText } from "../../_view/format.ts";
import { AreaField, SelectField, ServiceImpacts, TextField, Translations } from "./desk-fields.tsx";
import { DeskForm } from "./desk-form.tsx";
import type { Named } from "./desk-words.ts";
import { impactChoices, nameIn, statusChoices } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type Props = { view: AdminView; services: readonly Named[]; template: IncidentTemplateResource | null };

/** A new template, or a known one to change. */
export const TemplateForm = ({ view, services, template }: Props) => {
  const { desk, frame } = view.words;
  const form = template?.id ?? "template";
  const values = Object.fromEntries((template?.affected ?? []).map(({ serviceId, impact }) => [serviceId, impact]));
  return (
    <DeskForm
      view={view}
      method={template === null ? "POST" : "PATCH"}
      path={template === null ? "/v1/incident-templates" : `/v1/incident-templates/${template.id}`}
      submit={template === null ? desk.template.create : frame.save}
      done={desk.saved}
      {...(template === null ? {} : { after: "/admin/incidents/templates" })}
    >
      <TextField form={form} name="name" label={desk.fields.name} value={template?.name} isRequired />
      <TextField form={form} name="title" label={desk.fields.title} value={template?.title} isRequired />
      <AreaField form={form} name="message" label={desk.fields.message} value={template?.message} isRequired />
      <SelectField
        form={form}
        name="impact"
        label={desk.impact}
        value={template?.impact ?? "minor"}
        choices={impactChoices(view)}
      />
      <SelectField
        form={form}
        name="status"
        label={desk.fields.status}
        value={template?.status ?? "investigating"}
        choices={statusChoices(view)}
      />
      <details>
        <summary>{desk.fields.services}</summary>
        <ServiceImpacts
          view={view}
          form={form}
          services={services}
          empty={view.words.frame.none}
          idKey="serviceId"
          values={values}
        />
      </details>
      <Translations view={view} form={form} withTitle texts={template?.translations ?? {}} />
    </DeskForm>
  );
};

/** A template: used at once, changed or deleted. */
export const TemplateRow = ({ view, services, template }: Props & { template: IncidentTemplateResource }) => {
  const { desk } = view.words;
  const about = [
    desk.impacts[template.impact],
    view.format.list(template.affected.map(({ serviceId }) => nameIn(services, serviceId))),
  ];
  return (
    <li className="incident">
      <a className="name" href={`/admin/incidents/new?${new URLSearchParams({ template: template.id })}`}>
        {template.name}
        <span className="hidden">{`: ${desk.template.use}`}</span>
      </a>
      <p className="small soft">{[template.title, ...about].filter((part) => part !== "").join(" · ")}</p>
      {mayDo(view.session, "incidents:write") ? (
        <div className="buttons">
          <a className="button" href={`/admin/incidents/templates?${new URLSearchParams({ edit: template.id })}#edit`}>
            {desk.template.change}
            <span className="hidden">{`: ${template.name}`}</span>
          </a>
          <DeskForm
            view={view}
            method="DELETE"
            path={`/v1/incident-templates/${template.id}`}
            submit={desk.template.remove}
            about={template.name}
            confirm={fillText(desk.template.removeConfirm, { name: template.name })}
            tone="danger"
          />
        </div>
      ) : null}
    </li>
  );
};
