import type { Metadata } from "next";
import { loadDeskTemplates } from "#lib/read/incident-desk.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { AdminFrame } from "../../../_parts/admin-frame.tsx";
import { TemplateForm, TemplateRow } from "../../../_parts/desk-templates.tsx";
import type { SearchParams } from "../../../_parts/view.ts";
import { adminLanguage, adminView } from "../../../_parts/view.ts";
import { ADMIN_WORDS } from "../../../_words/index.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: ADMIN_WORDS[await adminLanguage()].desk.template.title,
});

/** Texts that incidents begin with. */
const TemplatesPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { desk } = view.words;
  const { services, templates } = await loadDeskTemplates(view.cookie);
  const edited = templates.find(({ id }) => id === search["edit"]) ?? null;
  return (
    <AdminFrame current="incidents" view={view}>
      <div className="title">
        <p className="small soft">
          <a className="quiet" href="/admin/incidents">
            {desk.title}
          </a>
        </p>
        <h1>{desk.template.title}</h1>
        <p>{desk.template.text}</p>
      </div>
      <section aria-labelledby="templates">
        <h2 id="templates">{desk.templates}</h2>
        {templates.length === 0 ? <p className="soft">{desk.template.none}</p> : null}
        <ul className="incidents">
          {templates.map((template) => (
            <TemplateRow
              key={`${template.id} ${template.updatedAt}`}
              view={view}
              services={services}
              template={template}
            />
          ))}
        </ul>
      </section>
      {mayDo(view.session, "incidents:write") ? (
        <section aria-labelledby="edit">
          <h2 id="edit">{edited === null ? desk.template.create : edited.name}</h2>
          <TemplateForm key={edited?.id ?? ""} view={view} services={services} template={edited} />
        </section>
      ) : null}
    </AdminFrame>
  );
};
export default TemplatesPage;
