"use client";

import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { useId, useRef, useState, useSyncExternalStore } from "react";
import type { Answer, Method } from "./call-api.ts";
import { callApi, newKey } from "./call-api.ts";
import type { FieldKind } from "./form-body.ts";
import { bodyOf } from "./form-body.ts";

export type Field = {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly hint?: string;
  readonly value?: string;
  /** Which of `choices` are ticked. */
  readonly values?: readonly string[];
  readonly isRequired?: boolean;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly rows?: number;
  /** The autocomplete word of a field of credentials. */
  readonly autocomplete?: string;
};

export type ActionWords = {
  readonly submit: string;
  readonly working: string;
  readonly done: string;
  readonly failed: string;
  readonly offline: string;
};

export type ActionFormProps = {
  readonly method: Method;
  /** Begins with `/v1/`. */
  readonly path: string;
  readonly fields: readonly Field[];
  readonly words: ActionWords;
  /** A question that is asked before. */
  readonly confirm?: string;
  /** Where to go after success: an address, or the page itself anew. `{id}` is the `id` of the answer. */
  readonly after?: string;
  /** Names of the answer's texts that are shown once, such as a new key. */
  readonly reveal?: readonly string[];
  readonly tone?: "main" | "plain" | "danger";
};

const Control = ({ field, id, fault }: { field: Field; id: string; fault: string | undefined }) => {
  const { name, kind, value, isRequired, options = [], rows = 4, autocomplete } = field;
  const about = [field.hint === undefined ? null : `${id}-hint`, fault === undefined ? null : `${id}-fault`];
  const common = {
    id,
    name,
    required: isRequired,
    "aria-invalid": fault === undefined ? undefined : true,
    "aria-describedby": about.filter((one) => one !== null).join(" ") || undefined,
  };
  if (kind === "textarea" || kind === "list") return <textarea {...common} rows={rows} defaultValue={value} />;
  if (kind === "select")
    return (
      <select {...common} defaultValue={value}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    );
  if (kind === "checkbox") return <input {...common} type="checkbox" defaultChecked={value === "on"} />;
  const type = kind === "instant" ? "datetime-local" : kind;
  return (
    <input
      {...common}
      type={type}
      step={kind === "number" ? "any" : undefined}
      defaultValue={value}
      autoComplete={autocomplete}
    />
  );
};

/** Several of some: boxes under one heading. */
const Choices = ({ field, fault }: { field: Field; fault: string | undefined }) => {
  const about = useId();
  const hasAbout = field.hint !== undefined || fault !== undefined;
  return (
    <fieldset className="choice" aria-describedby={hasAbout ? about : undefined}>
      <legend>{field.label}</legend>
      {hasAbout ? (
        <p className={fault === undefined ? "small soft" : "small fault"} id={about}>
          {fault ?? field.hint}
        </p>
      ) : null}
      <div className="boxes">
        {(field.options ?? []).map(({ value, label }) => (
          <label key={value}>
            <input
              type="checkbox"
              name={field.name}
              value={value}
              defaultChecked={field.values?.includes(value) ?? false}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
};

const Line = ({ field, fault }: { field: Field; fault: string | undefined }) => {
  const id = useId();
  if (field.kind === "hidden") return <input type="hidden" name={field.name} value={field.value} />;
  if (field.kind === "choices") return <Choices field={field} fault={fault} />;
  return (
    <div className={field.kind === "checkbox" ? "field check" : "field"}>
      <label htmlFor={id}>{field.label}</label>
      <Control field={field} id={id} fault={fault} />
      {field.hint === undefined ? null : (
        <p className="small soft" id={`${id}-hint`}>
          {field.hint}
        </p>
      )}
      {fault === undefined ? null : (
        <p className="small fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
};

const Outcome = ({ answer, words, reveal }: { answer: Answer; words: ActionWords; reveal: readonly string[] }) => {
  if (answer.kind === "offline") return <p role="alert">{words.offline}</p>;
  if (answer.kind === "refused") return <p role="alert">{words.failed.replace("{detail}", answer.detail)}</p>;
  const body = (answer.body ?? {}) as Record<string, unknown>;
  return (
    <div role="status">
      <p>{words.done}</p>
      {reveal.map((name) => (
        <pre key={name} tabIndex={0}>
          <code>{typeof body[name] === "string" ? body[name] : JSON.stringify(body[name], null, 2)}</code>
        </pre>
      ))}
    </div>
  );
};

const never = () => () => {};
/** Before the script runs, the browser would send a form by itself, with what was typed in the address. */
const useIsReady = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  );

const goOn = (after: string | undefined, body: unknown): void => {
  const id = String((body as { id?: unknown } | null)?.id ?? "");
  if (after === undefined) window.location.reload();
  else window.location.assign(after.replace("{id}", encodeURIComponent(id)));
};

/**
 * A form that calls one operation of the API. What was typed stays until the server took it; a repetition after a lost
 * connection happens once. Without fields it is a button.
 */
export const ActionForm = ({
  method,
  path,
  fields,
  words,
  confirm,
  after,
  reveal = [],
  tone = "main",
}: ActionFormProps) => {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [isBusy, setBusy] = useState(false);
  const router = useRouter();
  const isReady = useIsReady();
  const key = useRef<string | null>(null);
  const faults = answer?.kind === "refused" ? answer.faults : [];

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (isBusy || (confirm !== undefined && !window.confirm(confirm))) return;
    const form = new FormData(event.currentTarget);
    // A button sends no body: operations that take none refuse even an empty one.
    const hasBody = fields.length > 0 && method !== "GET" && method !== "DELETE";
    const body = hasBody ? bodyOf(fields, (name) => form.getAll(name).map(String)) : undefined;
    // The same key until an answer came; another one for what is entered anew.
    key.current ??= newKey();
    setBusy(true);
    const got = await callApi(method, path, {
      ...(body === undefined ? {} : { body }),
      ...(method === "POST" ? { idempotencyKey: key.current } : {}),
    });
    if (got.kind !== "offline") key.current = null;
    setBusy(false);
    setAnswer(got);
    if (got.kind !== "done") return;
    // What is revealed stays, and the page around it shows what is new.
    if (reveal.length > 0) router.refresh();
    else goOn(after, got.body);
  };

  return (
    <form className="action" onSubmit={(event) => void submit(event)}>
      {fields.map((field) => (
        <Line
          key={field.name}
          field={field}
          fault={faults.find(({ field: name }) => name === field.name || name.startsWith(`${field.name}.`))?.message}
        />
      ))}
      <button type="submit" className={tone} disabled={!isReady} aria-disabled={isBusy}>
        {isBusy ? words.working : words.submit}
      </button>
      {answer === null ? null : <Outcome answer={answer} words={words} reveal={reveal} />}
    </form>
  );
};
