import type { ServiceOverview, ServiceResource } from "#lib/read/service-dashboard.ts";
import { Fill } from "../../_parts/fill.tsx";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import { figure, resource } from "./figure.tsx";
import type { AdminView } from "./view.ts";

type Props = { readonly view: AdminView; readonly overview: ServiceOverview };

const Links = ({ ids, overview }: { ids: readonly string[]; overview: ServiceOverview }) => (
  <>
    {ids.map((id, index) => (
      <span key={id}>
        {index === 0 ? null : ", "}
        <a href={`/admin/services/${id}`}>{overview.services.find((one) => one.id === id)?.name ?? id}</a>
      </span>
    ))}
  </>
);

const Firing = ({ view, overview, id }: Props & { id: string }) => {
  const { format, words } = view;
  const text = words.services;
  const own = overview.firing.filter(({ serviceId }) => serviceId === id);
  const pages = own.filter(({ severity }) => severity === "page").length;
  const tickets = own.length - pages;
  if (own.length === 0) return <>{text.nothing}</>;
  return (
    <>
      {pages === 0 ? null : <StateMark role="major" word={format.plural(pages, text.pages)} />}{" "}
      {tickets === 0 ? null : <StateMark role="degraded" word={format.plural(tickets, text.tickets)} />}
    </>
  );
};

/** Phones show a row as a small block; the roles keep it a row of a table for screen readers. */
const Row = ({ view, overview, service }: Props & { service: ServiceResource }) => {
  const { format, words, today } = view;
  const text = words.services;
  const { id, name, state, measuredState, stateSince } = service;
  const needs = overview.dependsOn.get(id) ?? [];
  const neededBy = overview.services.filter((one) => overview.dependsOn.get(one.id)?.includes(id)).map((one) => one.id);
  const behind =
    state === measuredState ? null : fillText(text.measured, { state: format.words.states[measuredState] });
  const since = stateSince === null ? null : <time dateTime={stateSince}>{format.when(stateSince, today)}</time>;
  return (
    <tr role="row" {...resource(`/v1/services/${id}`)}>
      <th scope="row" role="rowheader">
        <a href={`/admin/services/${id}`}>{name}</a>
        <small>{id}</small>
      </th>
      <td role="cell">
        <StateMark role={ROLE_OF[state]} word={format.words.states[state]} />
        <small>
          {since === null ? null : <Fill text={text.since} time={since} />}
          {since === null || behind === null ? null : " · "}
          {behind}
        </small>
      </td>
      <td role="cell" data-name={text.firing}>
        <Firing view={view} overview={overview} id={id} />
      </td>
      <td role="cell" className="number" data-name={text.probes} {...figure("length", "/probes")}>
        {format.integer(service.probes.length)}
      </td>
      <td role="cell" className="number" data-name={text.slos} {...figure("length", "/sloIds")}>
        {format.integer(service.sloIds.length)}
      </td>
      <td role="cell" data-name={text.needs}>
        {needs.length === 0 ? text.nothing : <Links ids={needs} overview={overview} />}
      </td>
      <td role="cell" data-name={text.neededBy}>
        {neededBy.length === 0 ? text.nothing : <Links ids={neededBy} overview={overview} />}
      </td>
    </tr>
  );
};

/** One group of services with their states, what fires, and what depends on what. */
export const ServiceList = ({
  view,
  overview,
  title,
  services,
}: Props & { title: string; services: readonly ServiceResource[] }) => {
  const text = view.words.services;
  const heads = [text.service, text.now, text.firing, text.probes, text.slos, text.needs, text.neededBy];
  const isNumber = (name: string): boolean => name === text.probes || name === text.slos;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <div className="list services scroll" tabIndex={0} role="group" aria-label={title}>
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              {heads.map((name) => (
                <th scope="col" role="columnheader" className={isNumber(name) ? "number" : undefined} key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {services.map((service) => (
              <Row key={service.id} view={view} overview={overview} service={service} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};
