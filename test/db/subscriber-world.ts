import { randomBytes } from "node:crypto";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { readApiSettings } from "#lib/config/api-env.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Config, MailDefinition } from "#lib/core/definitions.ts";
import { createSubscriberDispatcher } from "#lib/engine/subscribers.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { startTestSite } from "#test/support/web-site.ts";

export const mailThroughServer = ({ port }: TestMailServer): MailDefinition => ({
  url: `smtp://127.0.0.1:${port}`,
  secret: "",
  from: "Acme status <status@acme.example>",
  username: null,
  starttls: false,
  maxPerSecond: 1_000,
});

/** A page with its database, web server and sender of messages, on the clock of the machine. */
export const subscriberWorld = async (
  mail?: MailDefinition,
  more: { readonly config?: Partial<Config>; readonly snapshot?: Snapshot; readonly trustedHops?: number } = {},
) => {
  const db = await testDatabase();
  const { database } = db;
  const secretBox = createSecretBox(randomBytes(32));
  const clock = systemClock;
  const config = sampleConfig({
    egress: { allow: ["127.0.0.1"] },
    notifications: [],
    ...(mail === undefined ? {} : { mail }),
    ...more.config,
  });
  await database.transaction((tx) => applyConfig(tx, { config, now: clock.now(), secretBox }));
  const { trustedHops } = more;
  const site = await startTestSite({
    ...{ database, secretBox, clock, snapshot: more.snapshot ?? calmDay() },
    ...(trustedHops === undefined ? {} : { apiSettings: readApiSettings({ NINES_TRUSTED_HOPS: String(trustedHops) }) }),
  });
  const deps = { database, secretBox, clock, randomBytes, log: silentLogger, random: () => 1 };
  const dispatcher = createSubscriberDispatcher({ ...deps, newToken: () => randomBytes(8).toString("hex") });
  const never = new AbortController().signal;
  let count = 0;
  return {
    ...{ database, secretBox, clock, site, deps },
    /** Sends all that is due. */
    drain: async (): Promise<void> => {
      while ((await dispatcher.dispatch(never)) > 0) await dispatcher.settled();
    },
    tell: (type: EventType, subject: string, data: unknown): Promise<string> =>
      database.transaction(async (tx) => {
        count += 1;
        const now = clock.now();
        const made = await recordEvent(tx, {
          type,
          subject,
          dedupKey: `${type}:${count}`,
          data,
          occurredAt: now,
          notify: null,
          now,
        });
        return made?.eventId ?? "";
      }),
    form: (path: string, fields: Record<string, string>) =>
      fetch(`${site.url}${path}`, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" }),
    drop: async (): Promise<void> => {
      await site.stop();
      await db.drop();
    },
  };
};
export type SubscriberWorld = Awaited<ReturnType<typeof subscriberWorld>>;

export const incident = (status: string, body: string, more: Record<string, unknown> = {}) => ({
  id: "inc_1",
  name: "Checkout <b>fails</b>",
  status,
  impact: "major",
  serviceIds: ["shop"],
  startedAt: "2026-11-21T12:00:00.000Z",
  monitoringAt: null,
  resolvedAt: null,
  createdAt: "2026-11-21T12:00:00.000Z",
  updatedAt: "2026-11-21T12:00:00.000Z",
  updates: [
    {
      id: `upd_${status}`,
      status,
      body,
      affected: [{ serviceId: "shop", oldState: "operational", newState: "partial_outage" }],
      displayAt: "2026-11-21T12:00:00.000Z",
      createdAt: "2026-11-21T12:00:00.000Z",
      updatedAt: "2026-11-21T12:00:00.000Z",
    },
  ],
  ...more,
});
