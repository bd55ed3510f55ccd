import { StateMark } from "../../_parts/glyph.tsx";
import type { ShownGroup, ShownService } from "../../_view/groups.ts";
import { groupsOf, showsState } from "../../_view/groups.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import { DayKey, DaysSpan } from "./day-bars.tsx";
import { ServiceRow } from "./service-row.tsx";
import type { View } from "./view.ts";

const GROUP_LEVELS = ["h3", "h4", "h5"] as const;
const SERVICE_LEVELS = ["h4", "h5", "h6"] as const;
/** Deeper groups keep the heading of the third. */
const levelOf = (depth: number): 0 | 1 | 2 => (depth <= 1 ? 0 : depth === 2 ? 1 : 2);

const Rows = ({ services, view, depth }: { services: readonly ShownService[]; view: View; depth: number }) => (
  <ul>
    {services.map((service) => (
      <ServiceRow key={service.id} service={service} view={view} level={SERVICE_LEVELS[levelOf(depth)]} />
    ))}
  </ul>
);

/** A group's name, its state when it is not good, its services, and the groups within it. */
const Group = ({ group, view }: { group: ShownGroup; view: View }) => {
  const Title = GROUP_LEVELS[levelOf(group.depth)];
  return (
    <div className={group.depth === 1 ? "group" : "group inner"}>
      <div className="row">
        <Title className="name">{group.name}</Title>
        {showsState(group) ? (
          <StateMark role={ROLE_OF[group.state]} word={view.format.words.states[group.state]} />
        ) : null}
      </div>
      {group.services.length === 0 ? null : <Rows services={group.services} view={view} depth={group.depth} />}
      {group.groups.map((inner) => (
        <Group key={inner.path} group={inner} view={view} />
      ))}
    </div>
  );
};

/** Every service, in its group. */
export const Services = ({ view }: { view: View }) => {
  const { words } = view.format;
  const { groups, ungrouped } = groupsOf(view.snapshot);
  if (groups.length === 0 && ungrouped.length === 0) return null;
  return (
    <section aria-labelledby="services" id="all-services">
      <div className="head">
        <h2 id="services">{words.services}</h2>
        <DaysSpan view={view} />
      </div>
      <DayKey view={view} />
      {groups.map((group) => (
        <Group key={group.path} group={group} view={view} />
      ))}
      {ungrouped.length === 0 ? null : (
        <div className="group">
          <h3 className={groups.length > 0 ? "name" : "hidden"}>{words.otherServices}</h3>
          <Rows services={ungrouped} view={view} depth={1} />
        </div>
      )}
    </section>
  );
};
