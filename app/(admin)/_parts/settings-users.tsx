import type { UserResource } from "#lib/contracts/users.ts";
import { ROLES } from "#lib/core/identity/roles.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { Action } from "./action.tsx";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

const roleOptions = ({ words }: AdminView) =>
  ROLES.map((value) => ({ value, label: words.settings.users.roles[value] }));

/** Somebody new, who signs in by a link first. */
export const NewUser = ({ view }: { view: AdminView }) => {
  const { users } = view.words.settings;
  return (
    <Fold title={users.add} note={users.addNote}>
      <Action
        view={view}
        scope="users:write"
        method="POST"
        path="/v1/users"
        fields={[
          {
            name: "login",
            kind: "text",
            label: users.login,
            hint: users.loginHint,
            isRequired: true,
            autocomplete: "off",
          },
          { name: "name", kind: "text", label: users.name, isRequired: true, autocomplete: "off" },
          { name: "role", kind: "select", label: users.role, options: roleOptions(view), value: "viewer" },
        ]}
        submit={users.add}
      />
    </Fold>
  );
};

type Props = { readonly view: AdminView; readonly user: UserResource };

const pathOf = ({ id }: UserResource): string => `/v1/users/${id}`;

/** A link for somebody who has no password yet, and their name and role. */
const NameAndLink = ({ view, user }: Props) => {
  const { settings, frame } = view.words;
  const { users } = settings;
  const shared = { view, scope: "users:write", tone: "plain" } as const;
  const role = {
    name: "role",
    kind: "select",
    label: users.role,
    options: roleOptions(view),
    value: user.role,
  } as const;
  return (
    <>
      {user.state === "active" ? (
        <Action
          {...shared}
          method="POST"
          path={`${pathOf(user)}/sign-in-links`}
          fields={[]}
          submit={users.link}
          done={users.linkMade}
          reveal={["path"]}
        />
      ) : null}
      {user.isFromIdentityProvider ? <p className="small soft">{users.roleFromProvider}</p> : null}
      <Action
        {...shared}
        method="PATCH"
        path={pathOf(user)}
        fields={[
          { name: "name", kind: "text", label: users.name, value: user.name, autocomplete: "off" },
          ...(user.isFromIdentityProvider ? [] : [role]),
        ]}
        submit={frame.save}
      />
    </>
  );
};

/** What an administrator can do with a user. The API keeps the last administrator from shutting everybody out. */
export const UserActions = ({ view, user }: Props) => {
  const { settings } = view.words;
  const { users } = settings;
  if (!mayDo(view.session, "users:write")) return "–";
  const shared = { view, scope: "users:write" } as const;
  const path = pathOf(user);
  const isActive = user.state === "active";
  return (
    <Fold title={settings.change}>
      <NameAndLink view={view} user={user} />
      {user.hasSecondFactor ? (
        <Action
          {...shared}
          method="PATCH"
          path={path}
          fields={[{ name: "removeSecondFactor", kind: "checkbox", label: users.removeFactor, isRequired: true }]}
          submit={users.removeFactor}
          tone="plain"
        />
      ) : null}
      <Action
        {...shared}
        method="PATCH"
        path={path}
        fields={[{ name: "state", kind: "hidden", label: "", value: isActive ? "disabled" : "active" }]}
        submit={isActive ? users.disable : users.enable}
        tone="plain"
      />
      <Action
        {...shared}
        method="DELETE"
        path={path}
        fields={[]}
        submit={users.remove}
        confirm={users.confirmRemove}
        tone="danger"
      />
    </Fold>
  );
};
