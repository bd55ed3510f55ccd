import type { Metadata } from "next";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { getMaintenance } from "#lib/read/maintenances.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { StateMark } from "../../../../_parts/glyph.tsx";
import { fillText } from "../../../../_view/format.ts";
import { WorkActions, WorkSteps } from "../../../_parts/calendar-actions.tsx";
import { WORK_ROLES } from "../../../_parts/calendar-month.tsx";
import { Figure } from "../../../_parts/figure.tsx";
import { spanOf } from "../../../_parts/oncall-words.ts";
import { Area, Facts, Given, ReadOnly, Refused, Rows, When } from "../../../_parts/settings-parts.tsx";
import { orNotFound } from "../../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../../_parts/view.ts";
import { adminView } from "../../../_parts/view.ts";

type Props = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async (): Promise<Metadata> => ({ title: (await adminView()).words.calendar.title });

const Occurrences = ({ view, work }: { view: AdminView; work: MaintenanceResource }) => {
  const { calendar } = view.words;
  return (
    <section aria-labelledby="occurrences">
      <h2 id="occurrences">{calendar.occurrences}</h2>
      <Rows
        label={calendar.occurrences}
        empty={calendar.none}
        columns={[calendar.startsAt, calendar.endsAt, calendar.state]}
        rows={work.occurrences.map(({ plannedFor, startsAt, endsAt, state }) => ({
          key: plannedFor,
          cells: [
            <When key="start" view={view} at={startsAt} />,
            <When key="end" view={view} at={endsAt} />,
            <StateMark key="state" role={WORK_ROLES[state]} word={calendar.states[state]} />,
          ],
        }))}
      />
    </section>
  );
};

const Updates = ({ view, work }: { view: AdminView; work: MaintenanceResource }) => {
  const { calendar } = view.words;
  return (
    <section aria-labelledby="updates">
      <h2 id="updates">{calendar.updates}</h2>
      {work.updates.length === 0 ? <p className="soft">{calendar.noUpdates}</p> : null}
      <ul className="rows">
        {work.updates.map(({ id, status, message, author, createdAt }) => (
          <li key={id}>
            <p className="break">
              <StateMark role={WORK_ROLES[status]} word={calendar.states[status]} /> {message}
              <br />
              <small className="soft">
                <When view={view} at={createdAt} /> · {author}
              </small>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
};

const canceledText = ({ words }: AdminView, { canceledBy, cancelReason }: MaintenanceResource): string =>
  fillText(words.calendar.canceledBecause, { name: canceledBy ?? "–", reason: cancelReason ?? "–" });

/** One piece of planned work: when, what was said of it, and what can be done. */
const WorkPage = async ({ params, searchParams }: Props) => {
  const view = await adminView(await searchParams);
  const { calendar } = view.words;
  if (!mayDo(view.session, "maintenances:read"))
    return <Refused view={view} title={calendar.title} scope="maintenances:read" />;
  const { database, clock } = getWebContext();
  const work = await orNotFound(getMaintenance(database, (await params).id, clock.now()));
  return (
    <Area
      view={view}
      title={work.title}
      lead={work.body === "" ? undefined : work.body}
      back={{ href: "/admin/maintenance", name: calendar.back }}
    >
      <p className="inline">
        <StateMark role={WORK_ROLES[work.state]} word={calendar.states[work.state]} />
        {work.canceledAt === null ? null : canceledText(view, work)}
      </p>
      <ReadOnly view={view} scope="maintenances:write" />
      <div className="inline">
        <WorkSteps view={view} work={work} />
      </div>
      <Facts
        api={`/v1/maintenances/${work.id}`}
        facts={[
          [calendar.services, <Given key="services">{view.format.list(work.serviceIds)}</Given>],
          [calendar.impact, calendar.impacts[work.impact]],
          [
            calendar.duration,
            <Figure key="duration" kind="duration" at="/duration">
              {spanOf(work.duration, view.format)}
            </Figure>,
          ],
          [
            calendar.repeats,
            work.rrule === null ? calendar.once : <Given key="rule">{`${work.rrule} (${work.timeZone})`}</Given>,
          ],
          [
            calendar.reminders,
            work.reminders.length === 0 ? (
              view.words.frame.none
            ) : (
              <Given key="reminders">{view.format.list(work.reminders.map((one) => spanOf(one, view.format)))}</Given>
            ),
          ],
          [calendar.announced, <When key="announced" view={view} at={work.announcedAt} />],
          [calendar.author, <Given key="author">{work.author}</Given>],
        ]}
      />
      <Occurrences view={view} work={work} />
      <Updates view={view} work={work} />
      <WorkActions view={view} work={work} />
    </Area>
  );
};
export default WorkPage;
