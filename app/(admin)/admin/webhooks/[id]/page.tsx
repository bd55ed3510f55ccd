import type { Metadata } from "next";
import type { ReactNode } from "react";
import { DELIVERY_STATES } from "#lib/contracts/deliveries.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { Fill } from "../../../../_parts/fill.tsx";
import { StateMark } from "../../../../_parts/glyph.tsx";
import { fillText } from "../../../../_view/format.ts";
import { Figure } from "../../../_parts/figure.tsx";
import { spanOf } from "../../../_parts/oncall-words.ts";
import { EndpointActions, QuickActions } from "../../../_parts/portal-actions.tsx";
import { DeliveryLog } from "../../../_parts/portal-log.tsx";
import { pageDeliveries, pageEndpoint, pageServices } from "../../../_parts/portal-reads.ts";
import { endpointState, eventsText, filtersText, kindText } from "../../../_parts/portal-words.ts";
import { Area, Facts, Given, ReadOnly, Refused, When } from "../../../_parts/settings-parts.tsx";
import { filtersOf, oneOf, orNotFound, pagingOf } from "../../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../../_parts/view.ts";
import { adminView } from "../../../_parts/view.ts";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

const PAGE = 20;

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({ title: (await params).id });

const lastTest = (view: AdminView, { health }: EndpointResource): ReactNode => {
  if (health.lastTest === null) return view.words.portal.never;
  const { result, at, error } = health.lastTest;
  return (
    <>
      {view.words.portal.testResults[result]}, <When view={view} at={at} />
      {error === null ? null : <Given>{` (${error})`}</Given>}
    </>
  );
};

const secretsText = (view: AdminView, { secrets }: EndpointResource): ReactNode => {
  const count = (
    <Figure kind="count" at="/secrets/live">
      {view.format.integer(secrets.live)}
    </Figure>
  );
  if (secrets.oldUntil === null) return count;
  const time = <When view={view} at={secrets.oldUntil} />;
  return <Fill text={view.words.portal.secretsUntil} count={count} time={time} />;
};

const factsOf = (view: AdminView, endpoint: EndpointResource): (readonly [string, ReactNode])[] => {
  const { portal } = view.words;
  const { health, headers, maxPerSecond, isOrdered } = endpoint;
  return [
    [portal.kind, kindText(view, endpoint.type)],
    [portal.breaker, portal.breakers[health.breaker]],
    [
      portal.pending,
      <Figure key="pending" kind="count" at="/health/pending">
        {view.format.integer(health.pending)}
      </Figure>,
    ],
    [
      portal.dead,
      <Figure key="dead" kind="count" at="/health/dead">
        {view.format.integer(health.dead)}
      </Figure>,
    ],
    [portal.lastDelivery, <When key="last" view={view} at={health.lastDeliveredAt} none={portal.never} />],
    [portal.lastTest, lastTest(view, endpoint)],
    [portal.events, <Given key="events">{eventsText(view, endpoint)}</Given>],
    [portal.only, <Given key="only">{filtersText(view, endpoint)}</Given>],
    [portal.address, <Given key="address">{endpoint.address ?? "–"}</Given>],
    ...(endpoint.pendingAddress === null
      ? []
      : [[portal.pendingAddress, <Given key="new">{endpoint.pendingAddress}</Given>] as const]),
    [
      portal.timeout,
      <Figure key="timeout" kind="duration" at="/timeout">
        {spanOf(endpoint.timeout, view.format)}
      </Figure>,
    ],
    [portal.order, isOrdered ? portal.ordered : portal.unordered],
    [
      portal.limit,
      <Figure key="limit" kind="count" at="/maxInFlight">
        {view.format.integer(endpoint.maxInFlight)}
      </Figure>,
    ],
    [
      portal.rate,
      maxPerSecond === null ? (
        portal.noLimit
      ) : (
        <Figure key="rate" kind="count" at="/maxPerSecond">
          {view.format.integer(maxPerSecond)}
        </Figure>
      ),
    ],
    ...(headers.length === 0 ? [] : [[portal.headers, <Given key="headers">{headers.join(", ")}</Given>] as const]),
    ...(endpoint.type === "webhook" ? [[portal.secrets, secretsText(view, endpoint)] as const] : []),
  ];
};

const State = ({ view, endpoint }: { view: AdminView; endpoint: EndpointResource }) => {
  const { failingSince } = endpoint.health;
  const isFailing = failingSince !== null && endpoint.state === "active";
  const { role, word } = endpointState(view, endpoint);
  const time = failingSince === null ? "" : view.format.when(failingSince, view.today);
  const reason = endpoint.disabledReason === null ? "" : `: ${endpoint.disabledReason}`;
  return (
    <StateMark role={role} word={isFailing ? fillText(view.words.portal.failingSince, { time }) : `${word}${reason}`} />
  );
};

/** One endpoint: how it does, what it gets, and what became of each delivery. */
const EndpointPage = async ({ params, searchParams }: Props) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { portal } = view.words;
  const { id } = await params;
  if (!mayDo(view.session, "endpoints:read"))
    return <Refused view={view} title={portal.title} scope="endpoints:read" />;
  const state = oneOf(search, "state", DELIVERY_STATES);
  const [endpoint, services, page] = await Promise.all([
    orNotFound(pageEndpoint(id)),
    pageServices(),
    orNotFound(pageDeliveries(id, state, pagingOf(search, PAGE))),
  ]);
  return (
    <Area
      view={view}
      title={endpoint.id}
      lead={endpoint.description}
      section="webhooks"
      back={{ href: "/admin/webhooks", name: portal.back }}
    >
      <p className="inline">
        <State view={view} endpoint={endpoint} />
      </p>
      <ReadOnly view={view} scope="endpoints:write" />
      <QuickActions view={view} endpoint={endpoint} />
      <Facts api={`/v1/endpoints/${endpoint.id}`} facts={factsOf(view, endpoint)} />
      <DeliveryLog view={view} endpointId={id} page={page} filters={filtersOf({ state, tz: search.tz as string })} />
      <EndpointActions view={view} endpoint={endpoint} services={services} />
    </Area>
  );
};
export default EndpointPage;
