import type { Metadata } from "next";
import type { ReactNode } from "react";
import { Fragment } from "react";
import { subscriberResource } from "#lib/commands/subscribers/subscriber-facts.ts";
import type { SubscriberResource } from "#lib/contracts/subscribers.ts";
import { SUBSCRIBER_CHANNELS, SUBSCRIBER_STATES } from "#lib/core/subscribers/words.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { listSubscribers, subscriberCounts } from "#lib/read/subscribers.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../_parts/glyph.tsx";
import { Figure } from "../../_parts/figure.tsx";
import { pageBox, pageServices } from "../../_parts/portal-reads.ts";
import { Area, Facts, Pager, ReadOnly, Refused, Rows, toSettings, When } from "../../_parts/settings-parts.tsx";
import { filtersOf, oneOf, orNotFound, pagingOf, textOf } from "../../_parts/settings-query.ts";
import { NewSubscriber, SubscriberActions, SubscriberFilters } from "../../_parts/settings-subscribers.tsx";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.calendar.subscribers.title,
});

const PAGE = 50;
const ROLES = { unconfirmed: "none", active: "ok", disabled: "degraded" } as const;

type Counts = Awaited<ReturnType<typeof subscriberCounts>>;

/** "Mail: 12 active, 1 disabled", a fact for each way. */
const countFacts = (view: AdminView, counts: Counts): (readonly [string, ReactNode])[] => {
  const { subscribers } = view.words.calendar;
  return SUBSCRIBER_CHANNELS.flatMap((channel) => {
    const own = counts.map((one, at) => ({ ...one, at })).filter((one) => one.channel === channel && one.count > 0);
    if (own.length === 0) return [];
    const parts = own.map(({ state, count, at }, place) => (
      <Fragment key={state}>
        {`${place === 0 ? "" : ", "}${subscribers.states[state]}: `}
        <Figure kind="count" at={`/data/${at}/count`}>
          {view.format.integer(count)}
        </Figure>
      </Fragment>
    ));
    return [[subscribers.channels[channel], parts] as const];
  });
};

const cellsOf = (view: AdminView, one: SubscriberResource) => {
  const { subscribers } = view.words.calendar;
  const { address, channel, state, disabledReason, kinds, cadence, serviceIds, createdAt } = one;
  return [
    <span key="address" className="break" translate="no">
      {address}
      <small>{subscribers.channels[channel]}</small>
    </span>,
    <span key="state">
      <StateMark role={ROLES[state]} word={subscribers.states[state]} />
      {disabledReason === null ? null : <small translate="no">{disabledReason}</small>}
    </span>,
    view.format.list(kinds.map((kind) => subscribers.kinds[kind])),
    subscribers.cadences[cadence],
    serviceIds === null ? subscribers.allServices : view.format.list(serviceIds),
    <When key="since" view={view} at={createdAt} />,
    <SubscriberActions key="do" view={view} one={one} />,
  ];
};

/** Who outside is told. Addresses are personal: they are opened here and stand in no log. */
const SubscribersPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { calendar, settings, frame } = view.words;
  const { subscribers } = calendar;
  if (!mayDo(view.session, "subscribers:read"))
    return <Refused view={view} title={subscribers.title} scope="subscribers:read" />;
  const { database } = getWebContext();
  const state = oneOf(search, "state", SUBSCRIBER_STATES);
  const channel = oneOf(search, "channel", SUBSCRIBER_CHANNELS);
  const box = pageBox();
  const [page, counts, services] = await Promise.all([
    orNotFound(
      listSubscribers(database, { ...pagingOf(search, PAGE), state, channel }, (row) => subscriberResource(box, row)),
    ),
    subscriberCounts(database),
    pageServices(),
  ]);
  const isFiltered = state !== undefined || channel !== undefined;
  const filters = filtersOf({ state, channel, tz: textOf(search, "tz") });
  return (
    <Area view={view} title={subscribers.title} lead={subscribers.lead} back={toSettings(view)}>
      <ReadOnly view={view} scope="subscribers:write" />
      <Facts api="/v1/subscribers/counts" facts={countFacts(view, counts)} />
      <SubscriberFilters view={view} state={state} channel={channel} />
      <Rows
        label={subscribers.title}
        empty={isFiltered ? subscribers.noneMatch : subscribers.none}
        columns={[
          ...[subscribers.address, subscribers.state, subscribers.told, subscribers.cadence],
          ...[subscribers.services, subscribers.since, settings.change],
        ]}
        rows={page.data.map((one) => ({ key: one.id, cells: cellsOf(view, one) }))}
      />
      <Pager view={view} path="/admin/subscribers" filters={filters} pagination={page.pagination} />
      <p className="small list">
        <a href="/admin/api/v1/subscribers/export">{frame.csv}</a>
      </p>
      {mayDo(view.session, "subscribers:write") ? (
        <section aria-label={subscribers.add}>
          <NewSubscriber view={view} services={services} />
        </section>
      ) : null}
    </Area>
  );
};
export default SubscribersPage;
