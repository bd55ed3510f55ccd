import type { SubscriberResource } from "#lib/contracts/subscribers.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { CADENCES, SUBSCRIBER_CHANNELS, SUBSCRIBER_KINDS, SUBSCRIBER_STATES } from "#lib/core/subscribers/words.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { nameOfLanguage } from "../../_words/index.ts";
import { Action } from "./action.tsx";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

type Named = { readonly id: string; readonly name: string };

/** Somebody new; the address is asked unless its owner agreed elsewhere. */
export const NewSubscriber = ({ view, services }: { view: AdminView; services: readonly Named[] }) => {
  const { subscribers } = view.words.calendar;
  const { channels, kinds, cadences } = subscribers;
  const everything = [{ value: "", label: subscribers.allServices }];
  return (
    <Fold title={subscribers.add} note={subscribers.addNote}>
      <Action
        view={view}
        scope="subscribers:write"
        method="POST"
        path="/v1/subscribers"
        fields={[
          {
            name: "channel",
            kind: "select",
            label: subscribers.channel,
            options: SUBSCRIBER_CHANNELS.map((value) => ({ value, label: channels[value] })),
            value: "email",
          },
          { name: "address", kind: "text", label: subscribers.address, isRequired: true, autocomplete: "off" },
          {
            name: "kinds",
            kind: "choices",
            label: subscribers.told,
            options: SUBSCRIBER_KINDS.map((value) => ({ value, label: kinds[value] })),
            values: ["incidents", "maintenance"],
          },
          {
            name: "serviceIds.0",
            kind: "select",
            label: subscribers.oneService,
            options: [...everything, ...services.map(({ id, name }) => ({ value: id, label: name }))],
            value: "",
          },
          {
            name: "cadence",
            kind: "select",
            label: subscribers.cadence,
            options: CADENCES.map((value) => ({ value, label: cadences[value] })),
            value: "each",
          },
          {
            name: "language",
            kind: "select",
            label: subscribers.language,
            options: LANGUAGES.map((value) => ({ value, label: nameOfLanguage(value) })),
            value: view.language,
          },
          { name: "skipConfirmation", kind: "checkbox", label: subscribers.agreed },
        ]}
        submit={subscribers.add}
      />
    </Fold>
  );
};

/** Stop telling, tell again, forget. */
export const SubscriberActions = ({ view, one }: { view: AdminView; one: SubscriberResource }) => {
  const { settings, calendar } = view.words;
  const { subscribers } = calendar;
  if (!mayDo(view.session, "subscribers:write")) return "–";
  const shared = { view, scope: "subscribers:write", path: `/v1/subscribers/${one.id}` } as const;
  const isActive = one.state === "active";
  return (
    <Fold title={settings.change}>
      {one.state === "unconfirmed" ? null : (
        <Action
          {...shared}
          method="PATCH"
          fields={[{ name: "state", kind: "hidden", label: "", value: isActive ? "disabled" : "active" }]}
          submit={isActive ? subscribers.disable : subscribers.enable}
          tone="plain"
        />
      )}
      <Action
        {...shared}
        method="DELETE"
        fields={[]}
        submit={subscribers.remove}
        confirm={subscribers.confirmRemove}
        tone="danger"
      />
    </Fold>
  );
};

type FilterProps = {
  readonly view: AdminView;
  readonly state: string | undefined;
  readonly channel: string | undefined;
};

/** Which subscribers; stands in the address. */
export const SubscriberFilters = ({ view, state, channel }: FilterProps) => {
  const { subscribers } = view.words.calendar;
  return (
    <form className="filters" action="/admin/subscribers">
      <label>
        {subscribers.channel}
        <select name="channel" defaultValue={channel ?? ""}>
          <option value="">{subscribers.anyChannel}</option>
          {SUBSCRIBER_CHANNELS.map((value) => (
            <option key={value} value={value}>
              {subscribers.channels[value]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {subscribers.state}
        <select name="state" defaultValue={state ?? ""}>
          <option value="">{subscribers.anyState}</option>
          {SUBSCRIBER_STATES.map((value) => (
            <option key={value} value={value}>
              {subscribers.states[value]}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">{view.words.settings.filter}</button>
    </form>
  );
};
