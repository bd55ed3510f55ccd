// Services with targets whose timetable is known, SLOs that alert within a minute, and a receiver: what scenarios of alerts share.
import { writeFile } from "node:fs/promises";
import type postgres from "postgres";
import { temporaryFolder } from "../../support/instance.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Finding } from "./checkers.ts";
import type { Receiver } from "./receiver.ts";
import { startReceiver } from "./receiver.ts";
import { pause } from "./scenario.ts";
import type { ScriptedTarget } from "./scripted-target.ts";
import { startScriptedTarget } from "./scripted-target.ts";

export const MINUTE_MS = 60_000;
export const SIGNING_SECRET = `whsec_${Buffer.from("faults are told, once and signed").toString("base64")}`;

/**
 * One service, probe of 1 s and SLO of 99 % a target, `service-0` and so on. A second of failure in a minute fires, a minute
 * without one resolves: `long` and `short` are the windows of the only pair, in minutes.
 */
export const alertingConfig = (args: {
  readonly targets: readonly Pick<ScriptedTarget, "url">[];
  readonly receiverUrl: string;
  readonly windows?: (index: number) => { readonly long: number; readonly short: number };
  readonly pageName?: string;
  /** Lines of YAML that one service has besides. */
  readonly extra?: (index: number) => string;
}): string => `
version: 1
page: { name: ${args.pageName ?? "Faults"}, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.0/8] }
locations: [{ id: here, name: Here }]
services:
${args.targets
  .map(({ url }, index) => {
    const { long, short } = args.windows?.(index) ?? { long: 2, short: 1 };
    return `  - id: service-${index}
    name: Service ${index}
    probes:
      - { id: probe-${index}, type: http, url: "${url}", interval: 1s, timeout: 900ms, locations: [here] }
    slos:
      - id: slo-${index}
        sli: availability
        probes: [probe-${index}]
        objective: 99
        window: 28d
        burn_rate_alerts: [{ long: ${long}m, short: ${short}m, factor: 1, severity: page, min_bad: { long: 1, short: 1 } }]
${args.extra?.(index) ?? ""}`;
  })
  .join("")}
notifications:
  - { id: oncall, type: webhook, url: "${args.receiverUrl}", secret: "env:FAULTS_SECRET", events: [alert.firing, alert.resolved] }
`;

export type AlertingWorld = {
  readonly folder: string;
  readonly dataDir: string;
  readonly targets: readonly ScriptedTarget[];
  readonly receiver: Receiver;
  readonly config: string;
  /** What the service needs in its environment. */
  readonly env: Record<string, string>;
};

/** Targets, receiver and configuration in a folder of their own, undone by `later`. */
export const openAlertingWorld = async (
  later: (undo: () => Promise<unknown>) => void,
  args: { readonly name: string; readonly targets: number } & Pick<
    Parameters<typeof alertingConfig>[0],
    "windows" | "extra"
  >,
): Promise<AlertingWorld> => {
  const folder = await temporaryFolder(args.name);
  later(folder.remove);
  const receiver = await startReceiver(`${folder.path}/received.jsonl`);
  later(receiver.stop);
  const targets: ScriptedTarget[] = [];
  for (let index = 0; index < args.targets; index += 1) {
    const target = await startScriptedTarget();
    later(target.stop);
    targets.push(target);
  }
  const { windows, extra } = args;
  const config = alertingConfig({
    targets,
    receiverUrl: receiver.url,
    ...(windows === undefined ? {} : { windows }),
    ...(extra === undefined ? {} : { extra }),
  });
  const env = { FAULTS_SECRET: SIGNING_SECRET };
  return { folder: folder.path, dataDir: `${folder.path}/data`, targets, receiver, config, env };
};

export const nextMinute = (atMs: number): number => (Math.floor(atMs / MINUTE_MS) + 1) * MINUTE_MS;
export const pauseUntil = (atMs: number): Promise<void> => pause(Math.max(0, atMs - Date.now()));

/** An outage of one target. */
export type Outage = { readonly target: number; readonly fromMs: number; readonly untilMs: number };

/** Runs the timetable by the wall clock; resolves after the last outage. */
export const playTimetable = async (targets: readonly ScriptedTarget[], outages: readonly Outage[]): Promise<void> => {
  await Promise.all(
    targets.map(async (target, index) => {
      for (const { fromMs, untilMs } of outages.filter((outage) => outage.target === index)) {
        await pauseUntil(fromMs);
        target.goDown();
        await pauseUntil(untilMs);
        target.goUp();
      }
    }),
  );
};

/** Waits until every minute that began before `atMs` was evaluated for every SLO and nothing is left to deliver. */
export const waitForVerdicts = (sql: postgres.Sql, atMs: number): Promise<boolean> =>
  waitFor(
    "the minutes to be judged and told of",
    async () => {
      const [row] = await sql<{ done: boolean }[]>`
        select (select min(through_minute) from slo_readings) >= ${new Date(atMs - MINUTE_MS)}
           and not exists (select from deliveries where state = 'pending') as done`;
      return row?.done === true;
    },
    { deadlineMs: 120_000, everyMs: 250 },
  );

type Episode = { slo: string; fired: Date; resolved: Date | null; told: number };

/**
 * K3 against the timetable: each outage has exactly one episode that begins at the end of its first minute, and no episode
 * is without an outage. `delayMinutes` is how much later it may be.
 */
export const checkOutages = async (
  sql: postgres.Sql,
  outages: readonly Outage[],
  { delayMinutes = 0 }: { delayMinutes?: number } = {},
): Promise<Finding[]> => {
  const episodes = await sql<Episode[]>`
    select slo_id as slo, fired_at as fired, resolved_at as resolved, 0 as told from alerts order by slo_id, number`;
  const findings: Finding[] = [];
  const left = new Set(episodes);
  for (const { target, fromMs, untilMs } of outages) {
    const due = nextMinute(fromMs);
    const latest = nextMinute(untilMs) + delayMinutes * MINUTE_MS;
    const found = [...left].find(
      ({ slo, fired }) => slo === `slo-${target}` && fired.getTime() >= due && fired.getTime() <= latest,
    );
    const what = `the outage of service-${target} at ${new Date(fromMs).toISOString()}`;
    if (found === undefined) findings.push({ checker: "K3", what: `${what} has no alert` });
    else left.delete(found);
    if (found !== undefined && found.resolved === null)
      findings.push({ checker: "K3", what: `the alert of ${what} did not end` });
  }
  for (const { slo, fired } of left)
    findings.push({ checker: "K3", what: `${slo} alerted at ${fired.toISOString()} without an outage of its own` });
  return findings;
};

export type Told = { readonly id: string; readonly type: string; readonly alertId: string; readonly atMs: number };

/** What the receiver was told, by its log. */
export const toldBy = (receiver: Receiver): Told[] =>
  receiver.received().map(({ headers, body, atMs }) => {
    const event = JSON.parse(body) as { type: string; data: { id: string } };
    return { id: headers["webhook-id"] ?? "", type: event.type, alertId: event.data.id, atMs };
  });

/** K3: each episode was told of with exactly one id when it began and one when it ended. */
export const checkToldOnce = async (sql: postgres.Sql, receiver: Receiver): Promise<Finding[]> => {
  const told = toldBy(receiver);
  const episodes = await sql<{ id: string; ended: boolean }[]>`select id, resolved_at is not null as ended from alerts`;
  return episodes.flatMap(({ id, ended }) =>
    (["alert.firing", ...(ended ? ["alert.resolved"] : [])] as const)
      .map((type) => ({
        type,
        ids: new Set(told.filter((one) => one.alertId === id && one.type === type).map((one) => one.id)),
      }))
      .filter(({ ids }) => ids.size !== 1)
      .map(({ type, ids }) => ({ checker: "K3" as const, what: `${id}: ${type} was told under ${ids.size} ids` })),
  );
};

/** Milliseconds from the end of the minute that fired each alert to its first arrival at the receiver. */
export const tellingDelaysMs = async (sql: postgres.Sql, receiver: Receiver): Promise<number[]> => {
  const told = toldBy(receiver);
  const episodes = await sql<{ id: string; fired: Date }[]>`select id, fired_at as fired from alerts`;
  return episodes.flatMap(({ id, fired }) => {
    const first = told.find((one) => one.alertId === id && one.type === "alert.firing");
    return first === undefined ? [] : [first.atMs - fired.getTime()];
  });
};

/** Requests beyond the first of an id. */
export const duplicatesOf = (receiver: Receiver): number => {
  const told = toldBy(receiver);
  return told.length - new Set(told.map(({ id }) => id)).size;
};

/** Writes the configuration where `startService` put it. */
export const rewriteConfig = (dataDir: string, config: string): Promise<void> => writeFile(`${dataDir}.yaml`, config);
