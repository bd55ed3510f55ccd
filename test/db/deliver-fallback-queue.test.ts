import { afterEach, expect, test } from "vitest";
import { MINUTE_MS } from "#lib/core/units.ts";
import { tellAlert } from "./channel-world.ts";
import type { DeliverWorld } from "./deliver-world.ts";
import { deliverWorld, endpoint } from "./deliver-world.ts";

let world: DeliverWorld;
afterEach(() => world.drop());

test("pages that nobody could be told of in place of an endpoint do not keep those of another one from its fallback", async () => {
  const at = (id: string) => ({ ...endpoint(id, "http://127.0.0.1:9/"), events: ["alert.firing" as const] });
  world = await deliverWorld([
    { ...at("a"), fallbackId: "b" },
    { ...at("b"), fallbackId: "c" },
    at("c"),
    { ...at("d"), fallbackId: "e" },
    at("e"),
  ]);
  // Whoever stands in for "a" in the end, "c", is told of each of these already.
  for (let index = 0; index < 101; index += 1)
    await tellAlert(world, "firing", { id: `alr_${index}`, sloId: `slo-${index}` }, ["a", "c"]);
  await world.database.transaction(
    (sql) => sql`update endpoints set state = 'disabled', disabled_reason = 'by hand' where id in ('a', 'b')`,
  );
  await world.clock.advance(1_000);
  const eventId = await tellAlert(world, "firing", { id: "alr_last", sloId: "slo-last" }, ["d"]);
  await world.clock.advance(6 * MINUTE_MS);
  await world.dispatcher.sweep();
  const told = await world.database.read(
    (sql) =>
      sql`select endpoint_id as id, stands_in_for as "standsInFor" from deliveries where event_id = ${eventId} order by 1`,
  );
  expect(told).toEqual([
    { id: "d", standsInFor: null },
    { id: "e", standsInFor: "d" },
  ]);
});
