import { afterEach, describe, expect, test } from "vitest";
import { ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import type { EndpointDefinition } from "#lib/core/definitions.ts";
import { durationMs, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { recordAlertEvent } from "#lib/engine/alerts/record-alert.ts";
import type { Behaviour, Receiver } from "./deliver-receiver.ts";
import { answer, startReceiver } from "./deliver-receiver.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint } from "./deliver-world.ts";
import { READING } from "./web-api-world.ts";

let world: DeliverWorld;
const receivers: Receiver[] = [];
afterEach(async () => {
  await world.dispatcher.settled();
  await world.drop();
  for (const receiver of receivers.splice(0)) await receiver.close();
});
const receive = async (behaviour: Behaviour = answer(200)): Promise<Receiver> => {
  const receiver = await startReceiver(behaviour);
  receivers.push(receiver);
  return receiver;
};
const chat = (id: string, { url }: Receiver, changes: Partial<EndpointDefinition> = {}): EndpointDefinition => ({
  ...endpoint(id, url),
  type: "slack",
  secret: "",
  ...changes,
});
const pass = async (ms: number): Promise<void> => {
  await world.clock.advance(ms);
  await world.deliverAll();
};
const textOf = ({ body }: Receiver["received"][number]): string =>
  (JSON.parse(body.toString()) as { text: string }).text;

describe("reminders", () => {
  const fire = (): Promise<unknown> =>
    world.database.transaction(
      (tx) => tx`
        insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading)
        select ${ALERT_EXAMPLE.id}, 'shop-availability', 'page_1h_5m', 1, 'page', 'firing', ${new Date(world.clock.now())},
               ${JSON.stringify(READING)}::text::jsonb`,
    );
  const hourly = async (): Promise<{ people: Receiver; hook: Receiver }> => {
    const [people, hook] = [await receive(), await receive()];
    const events = ["alert.firing", "alert.reminder"];
    const remind = chat("chat", people, { events, settings: { remindEveryMs: durationMs(60 * MINUTE_MS) } });
    world = await deliverWorld([remind, endpoint("hook", hook.url)]);
    await fire();
    await world.database.transaction(async (tx) => {
      const episode = {
        id: ALERT_EXAMPLE.id,
        sloId: "shop-availability",
        pairId: "page_1h_5m",
        number: 1,
        notify: null,
      };
      await recordAlertEvent(tx, episode, { what: "firing", isSuppressed: false, now: world.clock.now() });
    });
    await pass(31 * SECOND_MS);
    return { people, hook };
  };
  const after = async (minutes: number): Promise<void> => {
    await world.clock.advance(minutes * MINUTE_MS);
    await world.dispatcher.sweep();
    await world.dispatcher.sweep();
    await pass(31 * SECOND_MS);
  };

  test("come every so often while an alert fires, to whom wants them only, until somebody acknowledges it", async () => {
    const { people, hook } = await hourly();
    await after(58);
    expect(people.received).toHaveLength(1);
    await after(2);
    expect(people.received.map(textOf).at(-1)).toContain("still firing");
    // After a pause of the service the newest is told, not all that were missed.
    await after(240);
    expect(people.received).toHaveLength(3);
    expect(hook.received).toHaveLength(1);
    await world.database.transaction(
      (tx) => tx`insert into acknowledgements (id, alert_id, author) values ('ack_1', ${ALERT_EXAMPLE.id}, 'Ann')`,
    );
    await after(120);
    expect(people.received).toHaveLength(3);
  });
});
