// F42: two engines and two dispatchers on one database open incidents, begin and end maintenance, publish what was planned and
// tell subscribers, while the leading engine and a dispatcher are killed. Each thing happens once.
import { randomBytes } from "node:crypto";
import type postgres from "postgres";
import type { Tx } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { openIncidentIn } from "#lib/commands/incidents/open-incident.ts";
import { updateIncidentIn } from "#lib/commands/incidents/update-incident.ts";
import { scheduleMaintenance } from "#lib/commands/maintenances/schedule-maintenance.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { durationMs, epochMs } from "#lib/core/units.ts";
import { waitFor } from "../support/wait-for.ts";
import { MINUTE_MS, nextMinute, openAlertingWorld, pauseUntil, waitForVerdicts } from "./rig/alerting.ts";
import { killLeader } from "./rig/kill-leader.ts";
import { pidOf } from "./rig/kill-role.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { pause, seededRandom, withCleanup } from "./rig/scenario.ts";
import { addWebhookSubscribers, startSubscriberReceiver } from "./rig/subscriber-receiver.ts";
import type { TwoInstances } from "./rig/two-instances.ts";
import { checkOneWriter, SHARED_KEY, startTwoInstances } from "./rig/two-instances.ts";

const LONGEST_REIGN_MS = 4_000;
/** How many of each kind are planned; they fall due one after the other while the leaders are killed. */
const PLANNED = 4;
const PLANNING_MS = 20_000;
const PLANNED_SERVICE = "service-2";

/** A second SLO of the services that fail, which takes a minute more of failure: its alert comes when an incident is open. */
const laterSlo = (index: number): string => `      - id: later-${index}
        sli: availability
        probes: [probe-${index}]
        objective: 99
        window: 28d
        burn_rate_alerts: [{ long: 2m, short: 1m, factor: 1, severity: page, min_bad: { long: 60, short: 1 } }]
`;

const POLICY = "incidents: { on_alert: publish, single_location: publish }\n";

/** Incidents, updates and maintenance that fall due by themselves, a few seconds apart from `fromMs` on. */
const planAll = async (url: string, fromMs: number): Promise<void> => {
  const database = openDatabase({ url, applicationName: "nines-faults" });
  const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(work, { deadlineMs: 30_000 });
  const at = (seconds: number) => epochMs(fromMs + seconds * 1_000);
  const affected = { [PLANNED_SERVICE]: "minor" as const };
  try {
    for (let number = 0; number < PLANNED; number += 1) {
      const by = { actor: "faults", now: epochMs(Date.now()), randomBytes };
      const message = "We look into it.";
      const publishAt = at(number * 7);
      await write((tx) =>
        openIncidentIn(tx, { ...by, impact: null, affected, message, name: `planned ${number}`, publishAt }),
      );
      const { id } = await write((tx) =>
        openIncidentIn(tx, { ...by, impact: null, affected, message, name: `shown ${number}` }),
      );
      const update = { ...by, id, message: `planned update ${number}`, publishAt: at(number * 7 + 3) };
      await write((tx) => updateIncidentIn(tx, { ...update, status: null, impact: null, affected: {} }));
      const work = { ...by, author: "faults", title: `work ${number}`, body: "", impact: "none", rrule: null } as const;
      const when = {
        startsAt: at(number * 7 + 1),
        durationMs: durationMs(MINUTE_MS),
        announcedAt: by.now,
        timeZone: "Etc/UTC",
      };
      const serviceIds = [PLANNED_SERVICE];
      await write((tx) => scheduleMaintenance(tx, { ...work, ...when, serviceIds, translations: {}, reminders: [] }));
    }
  } finally {
    await database.close();
  }
};

const isPlanDone = async (sql: postgres.Sql): Promise<boolean> => {
  const [row] = await sql<{ done: boolean }[]>`
    select (select count(*) from events where type = 'maintenance.completed') >= ${PLANNED}
       and (select count(*) from incidents where name like 'planned %' and published_at is not null) = ${PLANNED}
       and (select count(*) from incident_updates where body like 'planned update %' and published_at is not null) = ${PLANNED}
       and not exists (select from subscriber_messages where state = 'pending') as done`;
  return row?.done === true;
};

/** Kills the leading engine again and again, and once a dispatcher, until it is told to stop. */
const killUntil = (pair: TwoInstances, random: () => number) => {
  const state = { isEnding: false, kills: 0, byTheOther: 0 };
  const killing = (async () => {
    while (!state.isEnding) {
      await pause(random() * LONGEST_REIGN_MS);
      const { from, to } = await killLeader(pair, state.kills % 2 === 1);
      state.kills += 1;
      if (from !== to) state.byTheOther += 1;
      if (state.kills === 3) process.kill(pidOf(pair.one, "deliver"), "SIGKILL");
    }
  })();
  killing.catch(() => undefined);
  return {
    state,
    stop: async () => {
      state.isEnding = true;
      await killing;
    },
  };
};

/** What did not happen exactly once, as sentences. */
const findTwice = async (sql: postgres.Sql, failing: number): Promise<string[]> => {
  const findings: string[] = [];
  const opened = await sql<{ service: string; incidents: number; alerts: number }[]>`
    select slos.service_id as service, count(distinct ia.incident_id)::int as incidents, count(distinct a.id)::int as alerts
      from alerts a join slos on slos.id = a.slo_id left join incident_alerts ia on ia.alert_id = a.id group by 1 order by 1`;
  if (opened.length !== failing) findings.push(`${opened.length} services alerted, ${failing} failed`);
  for (const { service, incidents, alerts } of opened) {
    if (incidents !== 1) findings.push(`${service} has ${incidents} incidents`);
    if (alerts < 2) findings.push(`${service} had no later alert to attach`);
  }
  const [made] = await sql<{ n: number }[]>`select count(*)::int as n from incidents where origin = 'alert'`;
  if (made?.n !== failing) findings.push(`${made?.n} incidents were opened by themselves for ${failing} services`);
  const loose = await sql`select id from alerts where id not in (select alert_id from incident_alerts)`;
  if (loose.length > 0) findings.push(`${loose.length} alerts belong to no incident`);
  const told = await sql<{ type: string; subject: string; n: number }[]>`
    select type, subject, count(*)::int as n from events
     where type in ('incident.opened', 'incident.resolved', 'maintenance.started', 'maintenance.completed')
     group by 1, 2 having count(*) > 1`;
  findings.push(...told.map(({ type, subject, n }) => `${type} of ${subject} was told ${n} times`));
  const updates = await sql<{ incident: string; body: string; n: number }[]>`
    select incident_id as incident, body, count(*)::int as n from incident_updates group by 1, 2 having count(*) > 1`;
  findings.push(...updates.map(({ incident, body, n }) => `${incident} has ${n} updates "${body}"`));
  const missing = await sql<{ title: string }[]>`
    select title from maintenances m
     where 2 <> (select count(*) from events e where e.subject = m.id and e.type in ('maintenance.started', 'maintenance.completed'))`;
  findings.push(...missing.map(({ title }) => `"${title}" did not begin and end once`));
  const messages = await sql<{ id: string; n: number }[]>`
    select subscriber_id as id, count(*)::int as n from subscriber_messages where kind = 'event'
     group by subscriber_id, event_id having count(*) > 1`;
  findings.push(...messages.map(({ id, n }) => `${id} has ${n} messages about one event`));
  return findings;
};

/** Runs the scenario: `subscribers` is 100 in full. */
export const runF42 = ({ subscribers, seed }: { subscribers: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const receiver = await startSubscriberReceiver();
    later(receiver.stop);
    const world = await openAlertingWorld(later, {
      name: "f42",
      targets: 3,
      extra: (index) => (index < 2 ? laterSlo(index) : ""),
    });
    const pair = await startTwoInstances(later, { ...world, config: `${world.config}${POLICY}` });
    const { sql } = pair;
    await waitFor("the configuration", async () => (await sql`select from services`).length === 3, {
      deadlineMs: 30_000,
    });
    await addWebhookSubscribers(sql, createSecretBox(SHARED_KEY), { count: subscribers, url: receiver.url });
    const fromMs = nextMinute(Date.now() + PLANNING_MS);
    await planAll(pair.url, fromMs);
    await pauseUntil(fromMs + 2_000);
    const killer = killUntil(pair, seededRandom(seed));
    for (const target of world.targets.slice(0, 2)) target.goDown();
    await pauseUntil(fromMs + 2 * MINUTE_MS + 10_000);
    for (const target of world.targets) target.goUp();
    await pauseUntil(fromMs + 3 * MINUTE_MS);
    await killer.stop();
    await waitForVerdicts(sql, fromMs + 4 * MINUTE_MS);
    await waitFor("everything that was planned", () => isPlanDone(sql), { deadlineMs: 60_000, everyMs: 250 });
    const ends = await Promise.all([pair.one.stop(), pair.two.stop()]);
    const writers = await checkOneWriter(pair);
    const findings = await findTwice(sql, 2);
    const posts = receiver.told();
    const [due] = await sql<{ n: number }[]>`select count(*)::int as n from subscriber_messages where kind = 'event'`;
    const ids = new Set(posts.map(({ subscriber, id }) => `${subscriber} ${id}`)).size;
    const { kills, byTheOther } = killer.state;
    return {
      figures: { seed, kills, byTheOther, messages: due?.n ?? 0, posts: posts.length, ids, writes: writers.writes },
      faults: [
        ...findings,
        ...writers.findings.map(({ what }) => what),
        ...(ids === due?.n && ids > 0 ? [] : [`${due?.n} messages were told under ${ids} ids`]),
        ...(byTheOther > 0 ? [] : ["the follower never led"]),
        ...ends.filter(({ code }) => code !== 0).map(({ code }) => `an instance ended with ${code}`),
      ],
    };
  });
