import { DAY_MS } from "#lib/core/units.ts";
import type { ServiceDashboard, StateChange } from "#lib/read/service-dashboard.ts";
import { HISTORY_DAYS } from "#lib/read/service-dashboard.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import type { Role } from "../../_view/state-looks.ts";
import { ROLE_OF, ROLES } from "../../_view/state-looks.ts";
import { RedHeads } from "./red-heads.tsx";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

const WIDTH = 1_000;
const ROW = 20;
/** How tall a state stands in its row, as the days of the status page do. */
const TALL: Readonly<Record<Role, number>> = { ok: 6, degraded: 11, partial: 15, major: 20, maint: 8, none: 2 };

type StateSpan = StateChange & { readonly until: number };

/** Changes as spans of time within the last 35 days, the newest first. */
export const spansOf = (states: readonly StateChange[], now: number): StateSpan[] =>
  states.map((state, index) => ({ ...state, until: states[index - 1]?.since ?? now }));

const pathOf = (spans: readonly { from: number; until: number; role: Role }[], role: Role, ground: number): string =>
  spans
    .filter((span) => span.role === role)
    .map(({ from, until }) => {
      const width = Math.max(1.5, until - from);
      return `M${from.toFixed(1)} ${ground - TALL[role]}h${width.toFixed(1)}v${TALL[role]}h-${width.toFixed(1)}z`;
    })
    .join("");

const Strip = ({ states, now, label }: { states: readonly StateSpan[]; now: number; label: string }) => {
  const start = now - HISTORY_DAYS * DAY_MS;
  const x = (at: number): number => (Math.max(0, at - start) / (now - start)) * WIDTH;
  const known = x(states.at(-1)?.since ?? now);
  const rows = [
    { name: "measured", ground: ROW, of: (state: StateSpan): Role => ROLE_OF[state.measured] },
    { name: "published", ground: 2 * ROW + 6, of: (state: StateSpan): Role => ROLE_OF[state.published] },
  ];
  return (
    <svg
      className="strip tall"
      viewBox={`0 0 ${WIDTH} ${2 * ROW + 6}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {rows.map(({ name, ground, of }) => {
        const spans = states.map((state) => ({ from: x(state.since), until: x(state.until), role: of(state) }));
        return (
          <g key={name}>
            {known > 0 ? <path className="unknown" d={`M0 ${ground - 1}h${known.toFixed(1)}`} /> : null}
            {ROLES.map((role) => (
              <path key={role} className={`span ${role}`} d={pathOf(spans, role, ground)} />
            ))}
          </g>
        );
      })}
    </svg>
  );
};

const Changes = ({ view, spans }: { view: AdminView; spans: readonly StateSpan[] }) => {
  const { format, words, today } = view;
  const { states: names } = format.words;
  const text = words.services;
  return (
    <table>
      <RedHeads heads={[text.from, text.asMeasured, text.asPublished, text.lasted].map((name) => ({ name }))} />
      <tbody>
        {spans.map(({ since, until, measured, published }) => (
          <tr key={since}>
            <th scope="row">
              <time dateTime={iso(since)}>{format.when(iso(since), today)}</time>
            </th>
            <td>
              <StateMark role={ROLE_OF[measured]} word={names[measured]} />
            </td>
            <td>
              <StateMark role={ROLE_OF[published]} word={names[published]} />
            </td>
            <td>
              <time dateTime={`PT${Math.round((until - since) / 1_000)}S`}>{format.span(until - since)}</time>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

/** The state of a service over 35 days as measured and as published, and every change of it. */
export const ServiceHistory = ({ view, dashboard }: { view: AdminView; dashboard: ServiceDashboard }) => {
  const { format, words, today } = view;
  const text = words.services;
  const { service, states, now } = dashboard;
  const spans = spansOf(states, now);
  const title = fillText(text.history, { days: String(HISTORY_DAYS) });
  return (
    <section aria-labelledby="history">
      <div className="head">
        <h2 id="history">{title}</h2>
        {spans.length === 0 ? null : (
          <a className="small" href={`/admin/services/${service.id}/states.csv`}>
            {words.frame.csv}
          </a>
        )}
      </div>
      <p className="small soft">{spans.length === 0 ? text.historyNone : text.historyNote}</p>
      {spans.length === 0 ? null : (
        <>
          <Strip states={spans} now={now} label={title} />
          <div className="times" aria-hidden="true">
            <span>{format.day(iso(now - HISTORY_DAYS * DAY_MS), today)}</span>
            <span>{text.untilNow}</span>
          </div>
          <details>
            <summary>{words.frame.table}</summary>
            <div className="points" tabIndex={0} role="group" aria-label={title}>
              <Changes view={view} spans={spans} />
            </div>
          </details>
        </>
      )}
    </section>
  );
};
