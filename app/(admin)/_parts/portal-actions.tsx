import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { Action } from "./action.tsx";
import type { ActionFormProps } from "./action-form.client.tsx";
import { subscriptionFields } from "./portal-words.ts";
import { Fold } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

type Props = { readonly view: AdminView; readonly endpoint: EndpointResource };
type Named = { readonly id: string; readonly name: string };
type Form = Omit<ActionFormProps, "words" | "method" | "path"> & {
  readonly submit: string;
  readonly done?: string;
  readonly to: string;
  readonly method?: ActionFormProps["method"];
};

/** A form of one operation on this endpoint. */
const Do = ({ view, endpoint, to, method = "POST", ...form }: Props & Form) => (
  <Action view={view} scope="endpoints:write" method={method} path={`/v1/endpoints/${endpoint.id}${to}`} {...form} />
);

/** What takes one press. */
export const QuickActions = ({ view, endpoint }: Props) => {
  const { portal } = view.words;
  const isActive = endpoint.state === "active";
  const test = endpoint.type === "webhook" ? portal.test : portal.sample;
  return (
    <div className="inline">
      {isActive ? <Do view={view} endpoint={endpoint} to="/test" fields={[]} submit={test} /> : null}
      {isActive ? null : <Do view={view} endpoint={endpoint} to="/enable" fields={[]} submit={portal.enable} />}
    </div>
  );
};

const Edit = ({ view, endpoint, services }: Props & { services: readonly Named[] }) => {
  const { portal, frame } = view.words;
  return (
    <Fold title={portal.edit}>
      <Do
        view={view}
        endpoint={endpoint}
        to=""
        method="PATCH"
        fields={[
          { name: "url", kind: "text", label: portal.url, hint: portal.newUrlHint },
          { name: "description", kind: "text", label: portal.description, value: endpoint.description ?? "" },
          ...subscriptionFields(view, services, endpoint),
        ]}
        submit={frame.save}
      />
    </Fold>
  );
};

const Rotate = ({ view, endpoint }: Props) => {
  const { portal } = view.words;
  return (
    <Fold title={portal.rotate} note={portal.rotateNote}>
      <Do
        view={view}
        endpoint={endpoint}
        to="/rotate-secret"
        fields={[{ name: "graceHours", kind: "number", label: portal.graceHours, value: "24" }]}
        submit={portal.rotate}
        done={portal.rotated}
        reveal={["secret"]}
      />
    </Fold>
  );
};

const Replay = ({ view, endpoint }: Props) => {
  const { portal } = view.words;
  const states = (["dead", "delivered", "canceled"] as const).map((value) => ({
    value,
    label: portal.deliveryStates[value],
  }));
  return (
    <Fold title={portal.replayMany} note={portal.replayNote}>
      <Action
        view={view}
        scope="deliveries:write"
        method="POST"
        path={`/v1/endpoints/${endpoint.id}/replay`}
        fields={[
          {
            name: "from",
            kind: "instant",
            label: portal.replayFrom,
            hint: view.words.calendar.localTime,
            isRequired: true,
          },
          { name: "to", kind: "instant", label: portal.replayTo, hint: portal.replayToHint },
          { name: "states", kind: "choices", label: portal.replayStates, options: states, values: ["dead"] },
        ]}
        submit={portal.replay}
        done={portal.replayed}
        reveal={["replayed"]}
      />
    </Fold>
  );
};

/** What can be done with one endpoint; those of the file are changed in the file. */
export const EndpointActions = ({ view, endpoint, services }: Props & { services: readonly Named[] }) => {
  const { portal } = view.words;
  const isOwn = endpoint.managedBy === "api";
  if (!mayDo(view.session, "endpoints:write")) return null;
  return (
    <section aria-labelledby="change">
      <h2 id="change">{view.words.settings.change}</h2>
      {isOwn ? null : <p className="small soft">{portal.fileNote}</p>}
      <Replay view={view} endpoint={endpoint} />
      {isOwn ? <Edit view={view} endpoint={endpoint} services={services} /> : null}
      {isOwn ? <Rotate view={view} endpoint={endpoint} /> : null}
      {endpoint.state === "active" ? (
        <Fold title={portal.disable}>
          <Do
            view={view}
            endpoint={endpoint}
            to="/disable"
            fields={[{ name: "reason", kind: "text", label: portal.disableReason }]}
            submit={portal.disable}
          />
        </Fold>
      ) : null}
      {isOwn ? (
        <Fold title={portal.remove}>
          <Do
            view={view}
            endpoint={endpoint}
            to=""
            method="DELETE"
            fields={[]}
            submit={portal.remove}
            confirm={portal.confirmRemove}
            after="/admin/webhooks"
            tone="danger"
          />
        </Fold>
      ) : null}
    </section>
  );
};
