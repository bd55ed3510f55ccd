import type { ApiKeyResource } from "#lib/contracts/api-keys.ts";
import { SCOPES } from "#lib/core/access/authorise.ts";
import type { RateTierName } from "#lib/core/rate/tiers.ts";
import { RATE_TIERS } from "#lib/core/rate/tiers.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { Action } from "./action.tsx";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

/** A new key; its token is shown once. */
export const NewKey = ({ view }: { view: AdminView }) => {
  const { keys } = view.words.settings;
  const held = SCOPES.filter((scope) => mayDo(view.session, scope));
  return (
    <Fold title={keys.create} note={keys.createNote}>
      <Action
        view={view}
        scope="keys:write"
        method="POST"
        path="/v1/keys"
        fields={[
          { name: "name", kind: "text", label: keys.name, isRequired: true },
          {
            name: "scopes",
            kind: "choices",
            label: keys.scopes,
            options: held.map((value) => ({ value, label: value })),
          },
          { name: "expiresAt", kind: "instant", label: keys.expiresAt, hint: keys.expiresHint },
        ]}
        submit={keys.create}
        done={keys.made}
        reveal={["token"]}
      />
    </Fold>
  );
};

type Props = { readonly view: AdminView; readonly apiKey: ApiKeyResource; readonly tier: string | null };

/** What can be done with a key that still opens something. */
export const KeyActions = ({ view, apiKey: { id, state }, tier }: Props) => {
  const { settings } = view.words;
  const { keys } = settings;
  if (state !== "active" || !mayDo(view.session, "keys:write")) return "–";
  const options = RATE_TIERS.map((value: RateTierName) => ({ value, label: keys.tiers[value] }));
  const shared = { view, scope: "keys:write" } as const;
  return (
    <Fold title={settings.change}>
      <Action
        {...shared}
        method="POST"
        path={`/v1/keys/${id}/rotate`}
        fields={[{ name: "graceDays", kind: "number", label: keys.graceDays, value: "30" }]}
        submit={keys.rotate}
        done={keys.made}
        reveal={["token"]}
        tone="plain"
      />
      <Action
        {...shared}
        method="PUT"
        path={`/v1/keys/${id}/tier`}
        fields={[{ name: "tier", kind: "select", label: keys.tier, options, value: tier ?? "standard" }]}
        submit={keys.setTier}
        tone="plain"
      />
      <Action
        {...shared}
        method="DELETE"
        path={`/v1/keys/${id}`}
        fields={[]}
        submit={keys.revoke}
        confirm={keys.confirmRevoke}
        tone="danger"
      />
    </Fold>
  );
};
