import type { Metadata } from "next";
import type { ReactNode } from "react";
import { DELIVERY_STATES } from "#lib/contracts/deliveries.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { StateMark } from "../../../../_parts/glyph.tsx";
import { fillText } from "../../../../_view/format.ts";
import { EndpointActions, QuickActions } from "../../../_parts/portal-actions.tsx";
import { DeliveryLog } from "../../../_parts/portal-log.tsx";
import { pageDeliveries, pageEndpoint, pageServices } from "../../../_parts/portal-reads.ts";
import { endpointState, eventsText, filtersText, kindText } from "../../../_parts/portal-words.ts";
import { Area, Facts, ReadOnly, Refused, When } from "../../../_parts/settings-parts.tsx";
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
      {error === null ? null : ` (${error})`}
    </>
  );
};

const secretsText = (view: AdminView, { secrets }: EndpointResource): string => {
  const count = view.format.integer(secrets.live);
  if (secrets.oldUntil === null) return count;
  return fillText(view.words.portal.secretsUntil, { count, time: view.format.when(secrets.oldUntil, view.today) });
};

const factsOf = (view: AdminView, endpoint: EndpointResource): (readonly [string, ReactNode])[] => {
  const { portal } = view.words;
  const { health, headers, maxPerSecond, isOrdered } = endpoint;
  return [
    [portal.kind, kindText(view, endpoint.type)],
    [portal.breaker, portal.breakers[health.breaker]],
    [portal.pending, view.format.integer(health.pending)],
    [portal.dead, view.format.integer(health.dead)],
    [portal.lastDelivery, <When key="last" view={view} at={health.lastDeliveredAt} none={portal.never} />],
    [portal.lastTest, lastTest(view, endpoint)],
    [portal.events, eventsText(view, endpoint)],
    [portal.only, filtersText(view, endpoint)],
    [portal.address, endpoint.address ?? "–"],
    ...(endpoint.pendingAddress === null ? [] : [[portal.pendingAddress, endpoint.pendingAddress] as const]),
    [portal.timeout, endpoint.timeout],
    [portal.order, isOrdered ? portal.ordered : portal.unordered],
    [portal.limit, view.format.integer(endpoint.maxInFlight)],
    [portal.rate, maxPerSecond === null ? portal.noLimit : view.format.integer(maxPerSecond)],
    ...(headers.length === 0 ? [] : [[portal.headers, headers.join(", ")] as const]),
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
      <Facts facts={factsOf(view, endpoint)} />
      <DeliveryLog view={view} endpointId={id} page={page} filters={filtersOf({ state, tz: search.tz as string })} />
      <EndpointActions view={view} endpoint={endpoint} services={services} />
    </Area>
  );
};
export default EndpointPage;
