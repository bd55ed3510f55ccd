import type { Metadata } from "next";
import type { ApiKeyResource } from "#lib/contracts/api-keys.ts";
import { RATE_TIERS } from "#lib/core/rate/tiers.ts";
import { listKeys } from "#lib/read/api-keys.ts";
import { loadKeyTerms } from "#lib/read/key-terms.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import { KeyActions, NewKey } from "../../_parts/settings-keys.tsx";
import { Area, ListFile, Pager, Refused, Rows, toSettings, When } from "../../_parts/settings-parts.tsx";
import { filtersOf, orNotFound, pagingOf, textOf } from "../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.settings.areas.keys.name,
});

const PAGE = 20;
const ROLES = { active: "ok", expired: "none", revoked: "none" } as const;

const cellsOf = (view: AdminView, one: ApiKeyResource, tier: string | null) => {
  const { keys, by } = view.words.settings;
  const known = RATE_TIERS.find((name) => name === tier) ?? "standard";
  return [
    <span key="name" translate="no">
      {one.name}
      <small className="break">{one.scopes.join(", ")}</small>
    </span>,
    <StateMark key="state" role={ROLES[one.state]} word={keys.states[one.state]} />,
    <span key="created">
      <When view={view} at={one.createdAt} />
      <small className="break" translate="no">
        {by.replace("{name}", one.createdBy)}
      </small>
    </span>,
    <When key="used" view={view} at={one.lastUsedAt} none={keys.notUsed} />,
    <When key="expires" view={view} at={one.expiresAt} none={keys.never} />,
    keys.tiers[known],
    <KeyActions key="do" view={view} apiKey={one} tier={tier} />,
  ];
};

/** Keys of the API: who may make and end them sees them. */
const KeysPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { settings } = view.words;
  const { keys, areas, change, created, state } = settings;
  if (!mayDo(view.session, "keys:read")) return <Refused view={view} title={areas.keys.name} scope="keys:read" />;
  const { database, clock } = getWebContext();
  const page = await orNotFound(listKeys(database, pagingOf(search, PAGE), clock.now()));
  const terms = await Promise.all(page.data.map(({ id }) => loadKeyTerms(database, id)));
  return (
    <Area view={view} title={areas.keys.name} lead={areas.keys.about} back={toSettings(view)}>
      <Rows
        label={areas.keys.name}
        empty={keys.none}
        columns={[keys.name, state, created, keys.used, keys.expires, keys.tier, change]}
        rows={page.data.map((one, place) => ({ key: one.id, cells: cellsOf(view, one, terms[place]?.tier ?? null) }))}
      />
      <Pager
        view={view}
        path="/admin/keys"
        filters={filtersOf({ tz: textOf(search, "tz") })}
        pagination={page.pagination}
      />
      <ListFile view={view} href="/admin/settings/keys.csv" />
      <section aria-label={keys.create}>
        <NewKey view={view} />
      </section>
    </Area>
  );
};
export default KeysPage;
