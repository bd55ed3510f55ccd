import type { Metadata } from "next";
import type { Scope } from "#lib/core/access/authorise.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { Area } from "../../_parts/settings-parts.tsx";
import type { SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({ title: (await adminView()).words.settings.title });

/** The areas, and what a reader needs to see each; null: everybody who is signed in. */
const AREAS = {
  maintenance: "maintenances:read",
  subscribers: "subscribers:read",
  statements: "statements:read",
  configuration: "config:read",
  keys: "keys:read",
  users: "users:read",
  audit: "audit:read",
  account: null,
} as const satisfies Record<string, Scope | null>;

/** What can be administered; what the reader's role may not see is not offered. */
const SettingsPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const view = await adminView(await searchParams);
  const { settings } = view.words;
  const open = (Object.keys(AREAS) as (keyof typeof AREAS)[]).filter((area) => {
    const scope = AREAS[area];
    return scope === null || mayDo(view.session, scope);
  });
  return (
    <Area view={view} title={settings.title} lead={settings.lead}>
      <ul className="areas">
        {open.map((area) => (
          <li key={area}>
            <a href={`/admin/${area}`}>{settings.areas[area].name}</a>
            <p>{settings.areas[area].about}</p>
          </li>
        ))}
      </ul>
    </Area>
  );
};
export default SettingsPage;
