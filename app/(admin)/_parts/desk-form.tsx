import type { ReactNode } from "react";
import type { Scope } from "#lib/core/access/authorise.ts";
import { mayDo } from "#lib/read/require-session.ts";
import type { DeskFormProps } from "./desk-form.client.tsx";
import { DeskForm as Island } from "./desk-form.client.tsx";
import { formWords } from "./desk-words.ts";
import type { AdminView } from "./view.ts";

/** A form of one operation, for those who may do it; others see nothing here, and the API would refuse. */
export const DeskForm = ({
  view,
  scope = "incidents:write",
  submit,
  done,
  children,
  ...form
}: Omit<DeskFormProps, "words"> & {
  view: AdminView;
  scope?: Scope;
  submit: string;
  done?: string;
  children?: ReactNode;
}) =>
  mayDo(view.session, scope) ? (
    <Island {...form} words={formWords(view, submit, done)} {...(children === undefined ? {} : { children })} />
  ) : null;
