import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EndpointDefinition } from "#lib/core/definitions.ts";
import { durationMs, epochMs } from "#lib/core/units.ts";
import { postJson } from "#lib/egress/post.ts";
import { mailThrough } from "#lib/engine/channels/mail.ts";
import { openEndpoint } from "#lib/engine/channels/open-endpoint.ts";
import type { DispatcherDeps } from "#lib/engine/deliver.ts";
import { createDispatcher } from "#lib/engine/deliver.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

export const START = epochMs(Date.UTC(2026, 10, 21, 12, 0, 0));
export const SECRET = `whsec_${Buffer.from("a planted secret, 32 bytes long!").toString("base64")}`;

export const endpoint = (id: string, url: string, timeoutMs = 1_000): EndpointDefinition => ({
  id,
  type: "webhook",
  url,
  secret: SECRET,
  events: ["*"],
  timeoutMs: durationMs(timeoutMs),
});

export type DeliveryRow = {
  id: string;
  state: string;
  attempts: number;
  due: Date;
  error: string | null;
  endpoint: string;
  event: string;
};
export type AttemptRow = {
  number: number;
  outcome: string | null;
  status: number | null;
  reason: string | null;
  excerpt: string | null;
};

/** A database with endpoints, a clock that stands still, and real posts to the loopback. */
export const deliverWorld = async (endpoints: readonly EndpointDefinition[]) => {
  const db: TestDatabase = await testDatabase();
  const clock = createFakeClock(START);
  const secretBox: SecretBox = createSecretBox(randomBytes(32));
  const logged: string[] = [];
  const destination = new PassThrough();
  destination.on("data", (chunk: Buffer) => logged.push(chunk.toString()));
  const log = createLogger({ service: "test", level: "debug", destination });

  const apply = (notifications: readonly EndpointDefinition[]) =>
    db.database.transaction((tx) =>
      applyConfig(tx, { config: sampleConfig({ notifications: [...notifications] }), now: clock.now(), secretBox }),
    );
  await apply(endpoints);

  const deps = (changes: Partial<DispatcherDeps> = {}): DispatcherDeps => ({
    database: db.database,
    clock,
    log,
    random: () => 1,
    newToken: () => randomBytes(8).toString("hex"),
    source: () => "/nines",
    naming: () => ({ page: { name: "Acme", url: "https://status.example.org" }, serviceName: () => null }),
    openEndpoint: (delivery) => openEndpoint(secretBox, delivery, clock.now()),
    sendMail: (request) => mailThrough({ ...request, allow: ["127.0.0.1"], clock: systemClock }),
    post: (request) => postJson({ ...request, allow: ["127.0.0.1"], maxResponseBytes: 16_384, clock: systemClock }),
    ...changes,
  });
  const dispatcher = createDispatcher(deps());

  return {
    ...db,
    clock,
    secretBox,
    logged,
    apply,
    deps,
    dispatcher,
    record: (key: string, type: EventType = "incident.opened", notify: readonly string[] | null = null) =>
      db.database.transaction((tx) =>
        recordEvent(tx, {
          type,
          subject: "shop",
          dedupKey: key,
          data: { key, note: "한글" },
          occurredAt: clock.now(),
          notify,
          now: clock.now(),
        }),
      ),
    /** Claims, waits for the attempts and claims again until nothing is due. */
    deliverAll: async (by = dispatcher): Promise<void> => {
      while ((await by.dispatchDue()) > 0) await by.settled();
    },
    deliveries: (): Promise<DeliveryRow[]> =>
      db.database.read(async (sql) => [
        ...(await sql<DeliveryRow[]>`
          select d.id, d.state, d.attempts_made as attempts, d.next_attempt_at as due, d.last_error as error,
                 d.endpoint_id as endpoint, e.type as event
            from deliveries d join events e on e.id = d.event_id order by d.endpoint_id, d.sequence`),
      ]),
    attempts: (deliveryId?: string): Promise<AttemptRow[]> =>
      db.database.read(async (sql) => [
        ...(await sql<AttemptRow[]>`
          select number, outcome, http_status as status, reason, response_excerpt as excerpt from attempts
           where ${deliveryId ?? null}::text is null or delivery_id = ${deliveryId ?? null}::text order by delivery_id, number`),
      ]),
  };
};
export type DeliverWorld = Awaited<ReturnType<typeof deliverWorld>>;
