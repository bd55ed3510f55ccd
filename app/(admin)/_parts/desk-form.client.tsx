"use client";

import { useRouter } from "next/navigation";
import type { FormEvent, ReactNode } from "react";
import { useEffect, useRef, useState } from "react";
import type { Answer, Method } from "./call-api.ts";
import { callApi, newKey } from "./call-api.ts";
import type { Entered } from "./desk-body.ts";
import { deskBody, fillId } from "./desk-body.ts";

export type DeskFormWords = {
  readonly submit: string;
  readonly working: string;
  readonly done: string;
  readonly failed: string;
  readonly offline: string;
};

export type DeskFormProps = {
  readonly method: Method;
  /** Begins with `/v1/`. */
  readonly path: string;
  readonly words: DeskFormWords;
  /** Names the thing for screen readers, where several forms have buttons of the same word. */
  readonly about?: string;
  /** A call that belongs to the first one; `{id}` is the id of its answer. */
  readonly then?: { readonly path: string; readonly body: unknown };
  /** Where to go after success; left out: the page as it is now. */
  readonly after?: string;
  readonly confirm?: string;
  readonly tone?: "main" | "plain" | "danger";
  readonly children?: ReactNode;
};

const enteredIn = (form: HTMLFormElement): Entered[] =>
  [...form.elements].flatMap((control) =>
    (control instanceof HTMLInputElement ||
      control instanceof HTMLSelectElement ||
      control instanceof HTMLTextAreaElement) &&
    control.name !== ""
      ? [
          {
            name: control.name,
            kind: control.dataset["kind"] ?? "text",
            value: control.value,
            isChecked: control instanceof HTMLInputElement && control.checked,
          },
        ]
      : [],
  );

/** What was sent last and has no answer yet: sent again as it was, with the key under which it happens once. */
type Sent = { readonly entered: string; readonly key: string; readonly body: unknown };

const sendAll = async ({ method, path, then, children }: DeskFormProps, { key, body }: Sent): Promise<Answer> => {
  // A form without fields is a button: what it calls takes no body.
  const hasBody = children !== undefined && method !== "GET" && method !== "DELETE";
  const first = await callApi(method, path, {
    ...(hasBody ? { body } : {}),
    ...(method === "POST" ? { idempotencyKey: key } : {}),
  });
  if (first.kind !== "done" || then === undefined) return first;
  const second = await callApi("POST", fillId(then.path, first.body), {
    body: then.body,
    idempotencyKey: `${key}-then`,
  });
  return second.kind === "done" ? first : second;
};

const Outcome = ({ answer, words }: { answer: Answer | null; words: DeskFormWords }) => (
  <div className="outcome" aria-live="polite">
    {answer?.kind === "done" ? <p className="ok">{words.done}</p> : null}
    {answer?.kind === "offline" ? <p className="fault">{words.offline}</p> : null}
    {answer?.kind === "refused" ? (
      <>
        <p className="fault">{words.failed.replace("{detail}", answer.detail)}</p>
        {answer.faults.map(({ field, message }) => (
          <p className="fault small" key={field}>{`${field}: ${message}`}</p>
        ))}
      </>
    ) : null}
  </div>
);

/**
 * A form of one operation whose fields the server rendered. What was typed stays until the server took it, and a
 * repetition after a lost connection happens once.
 */
export const DeskForm = (props: DeskFormProps) => {
  const { words, confirm, after, tone = "main", about, children } = props;
  const router = useRouter();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isReady, setReady] = useState(false);
  const sent = useRef<Sent | null>(null);
  useEffect(() => setReady(true), []);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (isBusy || (confirm !== undefined && !window.confirm(confirm))) return;
    const form = event.currentTarget;
    const fields = enteredIn(form);
    const entered = JSON.stringify(fields);
    if (sent.current?.entered !== entered)
      sent.current = { entered, key: newKey(), body: deskBody(fields, Date.now()) };
    setBusy(true);
    const got = await sendAll(props, sent.current);
    setBusy(false);
    setAnswer(got);
    if (got.kind !== "offline") sent.current = null;
    if (got.kind !== "done") return;
    if (after !== undefined) window.location.assign(fillId(after, got.body));
    else {
      form.reset();
      router.refresh();
    }
  };

  return (
    <form className="desk" onSubmit={(event) => void submit(event)}>
      {children}
      <button type="submit" className={tone} aria-disabled={isBusy} disabled={!isReady}>
        {isBusy ? words.working : words.submit}
        {about === undefined ? null : <span className="hidden">{`: ${about}`}</span>}
      </button>
      <Outcome answer={answer} words={words} />
    </form>
  );
};
