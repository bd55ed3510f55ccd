import type { ReactNode } from "react";
import type { Scope } from "#lib/core/access/authorise.ts";
import type { Listed } from "#lib/read/pagination.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { fillText } from "../../_view/format.ts";
import type { Section } from "./admin-frame.tsx";
import { AdminFrame } from "./admin-frame.tsx";
import type { AdminView } from "./view.ts";
import "../_styles/settings.css";
import { resource } from "./figure.tsx";

type AreaProps = {
  readonly view: AdminView;
  readonly title: string;
  readonly lead?: ReactNode;
  readonly section?: Section;
  /** Where the page belongs to. */
  readonly back?: { readonly href: string; readonly name: string };
  readonly children: ReactNode;
};

/** A page of the administration: frame, title, and the way back. */
export const Area = ({ view, title, lead, section = "admin", back, children }: AreaProps) => (
  <AdminFrame current={section} view={view}>
    <div className="title">
      {back === undefined ? null : (
        <p className="small">
          <a href={back.href}>{back.name}</a>
        </p>
      )}
      <h1>{title}</h1>
      {lead === undefined || lead === null ? null : <p className="soft">{lead}</p>}
    </div>
    {children}
  </AdminFrame>
);

/** Where the pages of the administration belong to. */
export const toSettings = ({ words }: AdminView) => ({ href: "/admin/settings", name: words.settings.title });

/** What stands in the place of a page that the reader's role may not see. */
export const Refused = ({ view, title, scope }: { view: AdminView; title: string; scope: Scope }) => (
  <Area view={view} title={title} back={toSettings(view)}>
    <p className="list">{fillText(view.words.settings.forbidden, { role: view.session.role, scope })}</p>
  </Area>
);

/** Says to those who may only look why there are no buttons. */
export const ReadOnly = ({ view, scope }: { view: AdminView; scope: Scope }) =>
  mayDo(view.session, scope) ? null : (
    <p className="list soft small">{fillText(view.words.frame.notAllowed, { role: view.session.role })}</p>
  );

/** The list of a page as a file. */
export const ListFile = ({ view, href }: { view: AdminView; href: string }) => (
  <p className="small list">
    <a href={href}>{view.words.frame.csv}</a>
  </p>
);

/** An instant in the reader's zone; `none` stands for no instant. */
export const When = ({ view, at, none = "–" }: { view: AdminView; at: string | null; none?: string }) =>
  at === null ? none : <time dateTime={at}>{view.format.when(at, view.today)}</time>;

export type Cell = ReactNode;
export type RowsProps = {
  readonly label: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly { readonly key: string; readonly cells: readonly Cell[]; readonly api?: string }[];
  readonly empty: string;
};

/** A table that phones show as blocks; the roles keep it a table for screen readers. */
export const Rows = ({ label, columns, rows, empty }: RowsProps) =>
  rows.length === 0 ? (
    <p className="list soft">{empty}</p>
  ) : (
    <div className="list scroll" tabIndex={0} role="group" aria-label={label}>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th scope="col" role="columnheader" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map(({ key, api, cells: [name, ...cells] }) => (
            <tr role="row" key={key} {...(api === undefined ? {} : resource(api))}>
              <th scope="row" role="rowheader">
                {name}
              </th>
              {cells.map((cell, place) => (
                <td role="cell" key={columns[place + 1]} data-name={columns[place + 1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );

type FactsProps = {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  /** Where the figures among them come from. */
  readonly api?: string;
};

/** A name, an id or a text that somebody wrote: no figure, and in no language of ours. */
export const Given = ({ children }: { children: ReactNode }) => <span translate="no">{children}</span>;

/** Names and values of one thing. */
export const Facts = ({ facts, api }: FactsProps) => (
  <dl className="pairs-list" {...(api === undefined ? {} : resource(api))}>
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd className="break">{value}</dd>
      </div>
    ))}
  </dl>
);

/** A heading that opens something to do. */
export const Fold = ({ title, note, children }: { title: string; note?: string; children: ReactNode }) => (
  <details className="fold">
    <summary>{title}</summary>
    {note === undefined ? null : <p className="small soft">{note}</p>}
    {children}
  </details>
);

type PagerProps = {
  readonly view: AdminView;
  readonly path: string;
  /** The filters of the address, which stay. */
  readonly filters: Readonly<Record<string, string>>;
  readonly pagination: Listed<unknown>["pagination"];
};

/** Newer and older, with the filters kept in the address. */
export const Pager = ({ view, path, filters, pagination }: PagerProps) => {
  const to = (name: "after" | "before", cursor: string | null) =>
    cursor === null ? null : `${path}?${new URLSearchParams({ ...filters, [name]: cursor }).toString()}`;
  const [newer, older] = [to("before", pagination.prevCursor), to("after", pagination.nextCursor)];
  if (newer === null && older === null) return null;
  return (
    <nav className="pager" aria-label={view.words.frame.next}>
      {newer === null ? null : (
        <a rel="prev" href={newer}>
          {view.words.frame.previous}
        </a>
      )}
      {older === null ? null : (
        <a rel="next" href={older}>
          {view.words.frame.next}
        </a>
      )}
    </nav>
  );
};
