import type { Metadata } from "next";
import { loadNewIncident } from "#lib/read/incident-desk.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { fillText } from "../../../../_view/format.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { NewIncidentForm, Origin } from "../../../_parts/desk-new.tsx";
import type { SearchParams } from "../../../_parts/view.ts";
import { adminLanguage, adminView } from "../../../_parts/view.ts";
import { ADMIN_WORDS } from "../../../_words/index.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: ADMIN_WORDS[await adminLanguage()].desk.newIncident,
});

const text = (value: string | string[] | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** A new incident, from nothing, from a template (`?template=`), or from an alert (`?alert=`). */
const NewIncidentPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { desk, frame } = view.words;
  const [alertId, templateId] = [text(search["alert"]), text(search["template"])];
  const start = await loadNewIncident(view.cookie, { alertId, templateId });
  return (
    <AdminFrame current="incidents" view={view}>
      <div className="title">
        <p className="small soft">
          <a className="quiet" href="/admin/incidents">
            {desk.title}
          </a>
        </p>
        <h1>{desk.newIncident}</h1>
      </div>
      <div className="stack begin">
        {mayDo(view.session, "incidents:write") ? null : (
          <p>{fillText(frame.notAllowed, { role: view.session.role })}</p>
        )}
        <Origin view={view} start={start} />
        {start.templates.length === 0 || start.template !== null ? null : (
          <details>
            <summary>{desk.startWith}</summary>
            <ul className="incidents">
              {start.templates.map(({ id, name }) => (
                <li key={id}>
                  <a
                    className="name"
                    href={`/admin/incidents/new?${new URLSearchParams({ template: id, ...(alertId === undefined ? {} : { alert: alertId }) })}`}
                  >
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </details>
        )}
        {/* Another template makes another form: what stands in it comes from the server. */}
        <NewIncidentForm key={start.template?.id ?? ""} view={view} start={start} />
      </div>
    </AdminFrame>
  );
};
export default NewIncidentPage;
