import type { Metadata } from "next";
import type { UserResource } from "#lib/contracts/users.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { listUsers } from "#lib/read/users.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import { Area, ListFile, Pager, Refused, Rows, toSettings, When } from "../../_parts/settings-parts.tsx";
import { filtersOf, orNotFound, pagingOf, textOf } from "../../_parts/settings-query.ts";
import { NewUser, UserActions } from "../../_parts/settings-users.tsx";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.settings.areas.users.name,
});

const PAGE = 50;

const waysOf = ({ words, format }: AdminView, user: UserResource): string => {
  const { ways } = words.settings.users;
  const all = [
    user.isFromIdentityProvider ? ways.provider : null,
    user.hasPassword ? ways.password : null,
    user.hasSecondFactor ? ways.factor : null,
  ].filter((way) => way !== null);
  return all.length === 0 ? ways.link : format.list(all);
};

const cellsOf = (view: AdminView, user: UserResource) => {
  const { users } = view.words.settings;
  const isActive = user.state === "active";
  return [
    <span key="name" className="break" translate="no">
      {user.name}
      <small>{user.login}</small>
    </span>,
    <StateMark key="state" role={isActive ? "ok" : "none"} word={users.states[user.state]} />,
    users.roles[user.role],
    waysOf(view, user),
    <When key="last" view={view} at={user.lastSignInAt} none={users.never} />,
    <UserActions key="do" view={view} user={user} />,
  ];
};

/** Who may sign in. */
const UsersPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { users, areas, change, state } = view.words.settings;
  if (!mayDo(view.session, "users:read")) return <Refused view={view} title={areas.users.name} scope="users:read" />;
  const page = await orNotFound(listUsers(getWebContext().database, pagingOf(search, PAGE)));
  return (
    <Area view={view} title={areas.users.name} lead={areas.users.about} back={toSettings(view)}>
      <Rows
        label={areas.users.name}
        empty="–"
        columns={[users.name, state, users.role, users.signsInBy, users.lastSignIn, change]}
        rows={page.data.map((user) => ({ key: user.id, cells: cellsOf(view, user) }))}
      />
      <Pager
        view={view}
        path="/admin/users"
        filters={filtersOf({ tz: textOf(search, "tz") })}
        pagination={page.pagination}
      />
      <ListFile view={view} href="/admin/settings/users.csv" />
      <section aria-label={users.add}>
        <NewUser view={view} />
      </section>
    </Area>
  );
};
export default UsersPage;
