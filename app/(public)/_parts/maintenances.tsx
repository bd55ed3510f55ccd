import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import { Fill } from "../../_parts/fill.tsx";
import { StateMark } from "../../_parts/glyph.tsx";
import { serviceNames } from "../../_view/incident.ts";
import { maintenanceAnchor, saidOf, workTextOf } from "../../_view/maintenance.ts";
import { Instant } from "./instant.tsx";
import type { View } from "./view.ts";

type Props = { maintenance: SnapshotMaintenance; view: View; isWhole?: boolean };

const isUnderWay = ({ status }: SnapshotMaintenance): boolean => status === "in_progress" || status === "verifying";

/** "11 August, 02:00 to 02:45", or "Now, until 15:00". */
const Range = ({ maintenance, view }: Props) => {
  const { words } = view.format;
  const from = maintenance.startedAt ?? maintenance.scheduledFor;
  const until = maintenance.endedAt ?? maintenance.scheduledUntil;
  const { when, day, time } = view.format;
  const isOneDay = day(from, view.now) === day(until, view.now);
  const end = <time dateTime={until}>{isOneDay ? time(until) : when(until, view.now)}</time>;
  if (isUnderWay(maintenance)) {
    return <Fill text={words.maintenance.nowUntil} until={<Instant at={until} view={view} />} />;
  }
  return <Fill text={words.maintenance.range} from={<Instant at={from} view={view} />} until={end} />;
};

const Entry = ({ maintenance, view, isWhole = false }: Props) => {
  const { words, list } = view.format;
  const { status, impact } = maintenance;
  const { name, description } = workTextOf(maintenance, view.language);
  const names = serviceNames(maintenance.serviceIds, view.snapshot);
  const isOver = status === "completed" || status === "canceled";
  const updates = maintenance.updates.filter((update) => update.status !== "scheduled");
  return (
    <li id={maintenanceAnchor(maintenance)}>
      <p>
        <Range maintenance={maintenance} view={view} />
      </p>
      <div>
        <h3>{name}</h3>
        {status === "scheduled" ? null : (
          <p>
            <StateMark
              role={isOver ? (status === "canceled" ? "none" : "ok") : "maint"}
              word={words.maintenance.statuses[status]}
            />
          </p>
        )}
        {description === null ? null : <p>{description}</p>}
        <p className="soft small">
          {names.length === 0 ? null : `${words.maintenance.affects.replace("{names}", list(names))} `}
          {isOver ? null : `${words.maintenance.impacts[impact]} `}
          {maintenance.isRecurring && !isOver ? words.maintenance.recurs : null}
        </p>
        {isWhole && updates.length > 0 ? (
          <ol className="notes">
            {updates.map((update) => (
              <li key={update.id}>
                <Instant at={update.displayAt} view={view} /> {saidOf(update, view.language)}
              </li>
            ))}
          </ol>
        ) : null}
      </div>
    </li>
  );
};

/** Planned work as a list. `isWhole` adds what was said meanwhile. */
export const MaintenanceList = (props: {
  maintenances: readonly SnapshotMaintenance[];
  view: View;
  isWhole?: boolean;
}) => (
  <ul className="things">
    {props.maintenances.map((maintenance) => (
      <Entry key={maintenance.id} maintenance={maintenance} view={props.view} isWhole={props.isWhole ?? false} />
    ))}
  </ul>
);
