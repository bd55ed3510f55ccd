import type { ReactNode } from "react";
import { fillText } from "../../_view/format.ts";
import type { Choice, Named } from "./desk-words.ts";
import { impactChoices, languageChoices } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

type FieldProps = {
  /** Of the form that it stands in: ids of a page are its own. */
  readonly form: string;
  /** The path of its value in the body. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value?: string | undefined;
  readonly isRequired?: boolean;
};

const idOf = ({ form, name }: Pick<FieldProps, "form" | "name">): string =>
  `${form}-${name.replaceAll(/[^\w-]/g, "-")}`;

const Around = ({ children, ...field }: FieldProps & { children: ReactNode }) => {
  const id = idOf(field);
  return (
    <div className="field">
      <label htmlFor={id}>{field.label}</label>
      {children}
      {field.hint === undefined ? null : (
        <p className="small soft" id={`${id}-hint`}>
          {field.hint}
        </p>
      )}
    </div>
  );
};

const controlOf = (field: FieldProps) => ({
  id: idOf(field),
  name: field.name,
  required: field.isRequired,
  defaultValue: field.value,
  "aria-describedby": field.hint === undefined ? undefined : `${idOf(field)}-hint`,
});

export const TextField = (field: FieldProps) => (
  <Around {...field}>
    <input {...controlOf(field)} type="text" maxLength={200} autoComplete="off" />
  </Around>
);

export const AreaField = ({ rows = 4, ...field }: FieldProps & { rows?: number }) => (
  <Around {...field}>
    <textarea {...controlOf(field)} rows={rows} maxLength={20_000} />
  </Around>
);

/** A time of the clock of the device that it is typed on. */
export const InstantField = (field: FieldProps) => (
  <Around {...field}>
    <input {...controlOf(field)} type="datetime-local" data-kind="instant" />
  </Around>
);

export const SelectField = ({
  choices,
  kind,
  ...field
}: FieldProps & { choices: readonly Choice[]; kind?: "impact" | "minutes" | "list" }) => (
  <Around {...field}>
    <select {...controlOf(field)} data-kind={kind}>
      {choices.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  </Around>
);

export const Switch = ({ isOn = false, ...field }: FieldProps & { isOn?: boolean }) => (
  <label className="tick">
    <input type="checkbox" name={field.name} data-kind="switch" defaultChecked={isOn} />
    {field.label}
  </label>
);

type ServicesProps = {
  readonly view: AdminView;
  readonly form: string;
  readonly services: readonly Named[];
  readonly picked: readonly string[];
};

/** Services to tick, those that are ticked already first. */
export const ServiceTicks = ({ view, services, picked }: ServicesProps) => {
  const ordered = [
    ...services.filter(({ id }) => picked.includes(id)),
    ...services.filter(({ id }) => !picked.includes(id)),
  ];
  return (
    <fieldset className="ticks">
      <legend>{view.words.desk.fields.services}</legend>
      <div>
        {ordered.map(({ id, name }) => (
          <label className="tick" key={id}>
            <input type="checkbox" name={`service:${id}`} data-kind="service" defaultChecked={picked.includes(id)} />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  );
};

/** An impact for each service; left as it is, the service is not named. `idKey` is what the API calls its id there. */
export const ServiceImpacts = ({
  view,
  form,
  services,
  empty,
  idKey = "service",
  values = {},
}: Omit<ServicesProps, "picked"> & {
  empty: string;
  idKey?: "service" | "serviceId";
  values?: Readonly<Record<string, string>>;
}) => (
  <div className="impacts">
    {services.map(({ id, name }) => (
      <SelectField
        key={id}
        form={form}
        name={`${idKey}:${id}`}
        kind="impact"
        label={fillText(view.words.desk.impactOfService, { service: name })}
        value={values[id] ?? ""}
        choices={[{ value: "", label: empty }, ...impactChoices(view)]}
      />
    ))}
  </div>
);

type Texts = Readonly<
  Partial<Record<string, { readonly title?: string | undefined; readonly message?: string | undefined }>>
>;

/** Texts in other languages, folded. */
export const Translations = ({
  view,
  form,
  withTitle,
  withMessage = true,
  texts = {},
}: {
  view: AdminView;
  form: string;
  withTitle: boolean;
  withMessage?: boolean;
  texts?: Texts;
}) => {
  const { desk } = view.words;
  const languages = languageChoices(texts);
  if (languages.length === 0) return null;
  return (
    <details>
      <summary>{desk.otherLanguages}</summary>
      <div className="stack">
        {languages.map(({ language, name }) => (
          <div className="stack" key={language}>
            {withTitle ? (
              <TextField
                form={form}
                name={`translations.${language}.title`}
                label={fillText(desk.titleIn, { language: name })}
                value={texts[language]?.title}
              />
            ) : null}
            {withMessage ? (
              <AreaField
                form={form}
                name={`translations.${language}.message`}
                label={fillText(desk.messageIn, { language: name })}
                value={texts[language]?.message}
                rows={3}
              />
            ) : null}
          </div>
        ))}
      </div>
    </details>
  );
};
