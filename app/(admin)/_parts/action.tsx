import type { Scope } from "#lib/core/access/authorise.ts";
import { mayDo } from "#lib/read/require-session.ts";
import type { ActionFormProps } from "./action-form.client.tsx";
import { ActionForm } from "./action-form.client.tsx";
import type { AdminView } from "./view.ts";

type Props = Omit<ActionFormProps, "words"> & {
  readonly view: AdminView;
  /** What the operation asks for; who lacks it sees nothing here, and the API would refuse. */
  readonly scope: Scope;
  readonly submit: string;
  readonly done?: string;
};

/** A form of one operation in the reader's language, for those who may do it. */
export const Action = ({ view, scope, submit, done, ...form }: Props) => {
  const { frame } = view.words;
  if (!mayDo(view.session, scope)) return null;
  const words = {
    submit,
    working: frame.working,
    done: done ?? frame.done,
    failed: frame.failed,
    offline: frame.offline,
  };
  return <ActionForm {...form} words={words} />;
};
