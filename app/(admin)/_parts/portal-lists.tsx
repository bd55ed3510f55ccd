import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { Action } from "./action.tsx";
import { Figure } from "./figure.tsx";
import { endpointState, eventsText, filtersText, kindText } from "./portal-words.ts";
import { Given, Rows, When } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

type ListProps = { readonly view: AdminView; readonly endpoints: readonly EndpointResource[] };

const Name = ({ id, description }: EndpointResource) => (
  <>
    <a href={`/admin/webhooks/${id}`}>{id}</a>
    {description === null ? null : <small>{description}</small>}
  </>
);

const State = ({ view, endpoint }: { view: AdminView; endpoint: EndpointResource }) => {
  const { failingSince } = endpoint.health;
  return (
    <>
      <StateMark {...endpointState(view, endpoint)} />
      {failingSince === null || endpoint.state === "disabled" ? null : (
        <small>
          <When view={view} at={failingSince} />
        </small>
      )}
    </>
  );
};

/** Webhooks: how they do, what they get, and what waits. */
export const EndpointList = ({ view, endpoints }: ListProps) => {
  const { portal } = view.words;
  return (
    <Rows
      label={portal.webhooks}
      empty={portal.noWebhooks}
      columns={[
        ...[portal.endpoint, portal.state, portal.events, portal.only, portal.lastDelivery],
        ...[portal.breaker, portal.pending, portal.dead],
      ]}
      rows={endpoints.map((endpoint) => ({
        key: endpoint.id,
        api: `/v1/endpoints/${endpoint.id}`,
        cells: [
          <Name key="name" {...endpoint} />,
          <State key="state" view={view} endpoint={endpoint} />,
          <Given key="events">{eventsText(view, endpoint)}</Given>,
          <Given key="only">{filtersText(view, endpoint)}</Given>,
          <When key="last" view={view} at={endpoint.health.lastDeliveredAt} none={portal.never} />,
          portal.breakers[endpoint.health.breaker],
          <Figure key="pending" kind="count" at="/health/pending">
            {view.format.integer(endpoint.health.pending)}
          </Figure>,
          <Figure key="dead" kind="count" at="/health/dead">
            {view.format.integer(endpoint.health.dead)}
          </Figure>,
        ],
      }))}
    />
  );
};

/** Channels of other services: what each is told of, and a button that shows how it looks there. */
export const ChannelList = ({ view, endpoints }: ListProps) => {
  const { portal } = view.words;
  return (
    <Rows
      label={portal.channels}
      empty={portal.noChannels}
      columns={[
        portal.endpoint,
        portal.state,
        portal.kind,
        portal.events,
        portal.only,
        portal.lastDelivery,
        portal.test,
      ]}
      rows={endpoints.map((endpoint) => ({
        key: endpoint.id,
        api: `/v1/endpoints/${endpoint.id}`,
        cells: [
          <Name key="name" {...endpoint} />,
          <State key="state" view={view} endpoint={endpoint} />,
          kindText(view, endpoint.type),
          <Given key="events">{eventsText(view, endpoint)}</Given>,
          <Given key="only">{filtersText(view, endpoint)}</Given>,
          <When key="last" view={view} at={endpoint.health.lastDeliveredAt} none={portal.never} />,
          <Action
            key="test"
            view={view}
            scope="endpoints:write"
            method="POST"
            path={`/v1/endpoints/${endpoint.id}/test`}
            fields={[]}
            submit={portal.sample}
            done={portal.testSent}
            after={`/admin/webhooks/${endpoint.id}`}
            tone="plain"
          />,
        ],
      }))}
    />
  );
};
