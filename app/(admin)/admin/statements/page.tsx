import type { Metadata } from "next";
import type { StatementSummary } from "#lib/contracts/statements.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { listStatements } from "#lib/read/statements.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import { Action } from "../../_parts/action.tsx";
import { Figure } from "../../_parts/figure.tsx";
import { pageServices } from "../../_parts/portal-reads.ts";
import {
  Area,
  Fold,
  ListFile,
  Pager,
  ReadOnly,
  Refused,
  Rows,
  toSettings,
  When,
} from "../../_parts/settings-parts.tsx";
import { filtersOf, orNotFound, pagingOf, textOf } from "../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.settings.areas.statements.name,
});

const PAGE = 20;
/** Names of formats are the same in every language. */
const FILES = { html: "HTML", csv: "CSV", json: "JSON" } as const;

type Named = { readonly id: string; readonly name: string };

const cellsOf = (view: AdminView, one: StatementSummary, services: readonly Named[]) => {
  const { statements, by } = view.words.settings;
  const name = services.find(({ id }) => id === one.serviceId)?.name ?? one.serviceId ?? statements.wholePage;
  const isCurrent = one.replacedBy === null;
  return [
    <Figure key="period" kind="text" at="/period/label">
      {one.period.label}
    </Figure>,
    name,
    <StateMark
      key="state"
      role={isCurrent ? "ok" : "none"}
      word={isCurrent ? statements.current : statements.replaced}
    />,
    <Figure key="version" kind="count" at="/version">
      {view.format.integer(one.version)}
    </Figure>,
    <span key="issued">
      <When view={view} at={one.issuedAt} />
      {one.author === null ? null : (
        <small className="break" translate="no">
          {by.replace("{name}", one.author)}
        </small>
      )}
    </span>,
    <span key="files" className="links">
      {(Object.keys(FILES) as (keyof typeof FILES)[]).map((format) => (
        <a key={format} href={`/admin/api/v1/statements/${one.id}.${format}`}>
          {FILES[format]}
        </a>
      ))}
    </span>,
  ];
};

/** A month or a quarter: two forms, for the API takes one of them. */
const Issue = ({ view, services }: { view: AdminView; services: readonly Named[] }) => {
  const { statements } = view.words.settings;
  const options = [
    { value: "", label: statements.wholePage },
    ...services.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const about = { name: "serviceId", kind: "select", label: statements.scope, options, value: "" } as const;
  const period = [
    { name: "month", label: statements.month, hint: statements.monthHint },
    { name: "quarter", label: statements.quarter, hint: statements.quarterHint },
  ];
  return (
    <Fold title={statements.issue} note={statements.issueNote}>
      <div className="two">
        {period.map((field) => (
          <Action
            key={field.name}
            view={view}
            scope="statements:write"
            method="POST"
            path="/v1/statements"
            fields={[{ ...field, kind: "text", isRequired: true }, about]}
            submit={statements.issue}
          />
        ))}
      </div>
    </Fold>
  );
};

/** Frozen statements, the newest first, replaced ones too. */
const StatementsPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { statements, areas, state } = view.words.settings;
  if (!mayDo(view.session, "statements:read"))
    return <Refused view={view} title={areas.statements.name} scope="statements:read" />;
  const [page, services] = await Promise.all([
    orNotFound(listStatements(getWebContext().database, pagingOf(search, PAGE))),
    pageServices(),
  ]);
  return (
    <Area view={view} title={areas.statements.name} lead={areas.statements.about} back={toSettings(view)}>
      <ReadOnly view={view} scope="statements:write" />
      <Rows
        label={areas.statements.name}
        empty={statements.none}
        columns={[statements.period, statements.scope, state, statements.version, statements.issued, statements.files]}
        rows={page.data.map((one) => ({
          key: String(one.id),
          api: `/v1/statements/${one.id}`,
          cells: cellsOf(view, one, services),
        }))}
      />
      <Pager
        view={view}
        path="/admin/statements"
        filters={filtersOf({ tz: textOf(search, "tz") })}
        pagination={page.pagination}
      />
      <ListFile view={view} href="/admin/settings/statements.csv" />
      {mayDo(view.session, "statements:write") ? (
        <section aria-label={statements.issue}>
          <Issue view={view} services={services} />
        </section>
      ) : null}
    </Area>
  );
};
export default StatementsPage;
