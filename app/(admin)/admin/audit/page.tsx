import type { Metadata } from "next";
import type { AuditEntryResource } from "#lib/contracts/audit.ts";
import { listAudit } from "#lib/read/audit.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { listUsers } from "#lib/read/users.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import type { AuditAsked } from "../../_parts/audit-query.ts";
import { auditAsked, auditExport, auditFilter } from "../../_parts/audit-query.ts";
import { Area, Fold, Given, Pager, Refused, Rows, toSettings, When } from "../../_parts/settings-parts.tsx";
import { filtersOf, orNotFound, pagingOf, textOf } from "../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.settings.areas.audit.name,
});

const PAGE = 50;

const MOST_USERS = 1_000;

/** Names of people by the actor that the log has of them. */
const actorNames = async (view: AdminView): Promise<ReadonlyMap<string, string>> => {
  if (!mayDo(view.session, "users:read")) return new Map();
  const { data } = await listUsers(getWebContext().database, { limit: MOST_USERS });
  return new Map(data.map(({ id, name }) => [`user:${id}`, name]));
};

const written = (value: unknown): string => (value === null ? "–" : JSON.stringify(value, null, 2));

const Change = ({ view, entry }: { view: AdminView; entry: AuditEntryResource }) => {
  const { audit } = view.words.settings;
  const both = [
    [audit.before, entry.before],
    [audit.after, entry.after],
  ] as const;
  if (entry.before === null && entry.after === null) return "–";
  return (
    <Fold title={audit.change}>
      {both.map(([name, value]) => (
        <div key={name}>
          <p className="small soft">{name}</p>
          <pre className="document" tabIndex={0} role="group" aria-label={name}>
            <code>{written(value)}</code>
          </pre>
        </div>
      ))}
    </Fold>
  );
};

const Filters = ({ view, asked, tz }: { view: AdminView; asked: AuditAsked; tz: string | undefined }) => {
  const { audit, filter } = view.words.settings;
  const texts = ["actor", "action", "subject"] as const;
  return (
    <form className="filters" action="/admin/audit">
      {texts.map((name) => (
        <label key={name}>
          {audit[name]}
          <input name={name} defaultValue={asked[name]} maxLength={200} />
        </label>
      ))}
      {(["from", "to"] as const).map((name) => (
        <label key={name}>
          {audit[name]}
          <input name={name} type="date" defaultValue={asked[name]} />
        </label>
      ))}
      {tz === undefined ? null : <input type="hidden" name="tz" value={tz} />}
      <button type="submit">{filter}</button>
    </form>
  );
};

const Files = ({ view, asked }: { view: AdminView; asked: AuditAsked }) => {
  const { audit } = view.words.settings;
  const [before = "", after = ""] = audit.export.split("{files}");
  return (
    <p className="small list">
      {before}
      <a href={auditExport(asked, view.timeZone, "ndjson")}>NDJSON</a>{" "}
      <a href={auditExport(asked, view.timeZone, "csv")}>CSV</a>
      {after}. <span className="soft">{audit.exportNote}</span>
    </p>
  );
};

/** Who changed what. Filters and place stand in the address. */
const AuditPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { audit, areas } = view.words.settings;
  if (!mayDo(view.session, "audit:read")) return <Refused view={view} title={areas.audit.name} scope="audit:read" />;
  const asked = auditAsked(search);
  const tz = textOf(search, "tz");
  const query = { ...auditFilter(asked, view.timeZone), ...pagingOf(search, PAGE) };
  const [page, names] = await Promise.all([orNotFound(listAudit(getWebContext().database, query)), actorNames(view)]);
  return (
    <Area view={view} title={areas.audit.name} lead={areas.audit.about} back={toSettings(view)}>
      <Filters view={view} asked={asked} tz={tz} />
      <p className="small soft">{audit.actionHint}</p>
      <Rows
        label={areas.audit.name}
        empty={audit.none}
        columns={[audit.at, audit.actor, audit.action, audit.subject, audit.change]}
        rows={page.data.map((entry) => ({
          key: entry.id,
          cells: [
            <When key="at" view={view} at={entry.at} />,
            <span key="actor" className="break" translate="no">
              {names.get(entry.actor)}
              <small>{entry.actor}</small>
            </span>,
            <Given key="action">{entry.action}</Given>,
            <span key="subject" className="break" translate="no">
              {entry.subject}
            </span>,
            <Change key="change" view={view} entry={entry} />,
          ],
        }))}
      />
      <Pager view={view} path="/admin/audit" filters={filtersOf({ ...asked, tz })} pagination={page.pagination} />
      <Files view={view} asked={asked} />
    </Area>
  );
};
export default AuditPage;
