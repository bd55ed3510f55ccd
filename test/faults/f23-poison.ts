// F23: an event that takes down every process that works on it. After three crashes it is dead, with the reason; the others arrive.
import { checkAlerts } from "./rig/checkers.ts";
import { checkNumbers, countStates, openDeliveryWorld, SIGNING_SECRET, webhook } from "./rig/delivery.ts";
import { startReceiver } from "./rig/receiver.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { withCleanup } from "./rig/scenario.ts";

const OTHERS = 200;
const POISON = "evt_poison1";
const CRASHES = 3;
const DONE_WITHIN_MS = 120_000;

/** Runs the scenario: two hundred events and one that crashes its process while it is being sent. */
export const runF23 = (): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const world = await openDeliveryWorld(later, "f23");
    let kill: () => void = () => undefined;
    let crashes = 0;
    const receiver = await startReceiver(`${world.folder}/received.jsonl`, {
      onReceived: ({ headers }) => {
        if (headers["webhook-id"] !== POISON) return;
        crashes += 1;
        kill();
      },
    });
    later(receiver.stop);
    await world.apply([webhook("oncall", receiver.url, ", timeout: 1s")]);
    await world.queue({ prefix: "before", count: OTHERS / 2, endpointId: "oncall" });
    await world.queue({ prefix: "poison", count: 1, endpointId: "oncall" });
    await world.queue({ prefix: "after", count: OTHERS / 2, endpointId: "oncall" });
    const startedMs = performance.now();
    let isOver = false;
    // What a supervisor does.
    const supervising = (async () => {
      while (!isOver) {
        const process = await world.startDeliver();
        const ended = new Promise((resolve) => process.child.once("exit", resolve));
        kill = () => process.child.kill("SIGKILL");
        later(process.stop);
        await ended;
      }
    })();
    await world.untilDone(DONE_WITHIN_MS);
    const tookMs = Math.round(performance.now() - startedMs);
    isOver = true;
    kill();
    await supervising;

    const received = receiver.received().filter(({ headers }) => headers["webhook-id"] !== POISON);
    const rows = await world.sql<{ state: string; reason: string | null }[]>`
      select state, last_error as reason from deliveries where event_id = ${POISON}`;
    const states = await countStates(world.sql);
    const told = await world.sql`select 1 from events where type = 'delivery.dead'`;
    const findings = await checkAlerts(world.sql, receiver.received(), SIGNING_SECRET);
    return {
      figures: {
        crashes,
        others: OTHERS,
        othersTwice: received.length - new Set(received.map(({ headers }) => headers["webhook-id"])).size,
        tookMs,
        reason: rows[0]?.reason ?? "none",
      },
      faults: [
        ...findings.map(({ checker, what }) => `${checker}: ${what}`),
        ...(await checkNumbers(world.sql)),
        ...(crashes === CRASHES ? [] : [`it took ${crashes} crashes`]),
        ...(states.delivered === OTHERS ? [] : [`the deliveries ended as ${JSON.stringify(states)}`]),
        ...(rows[0]?.state === "dead" && rows[0].reason !== null ? [] : ["the event is not dead with a reason"]),
        ...(told.length === 1 ? [] : [`${told.length} events tell that it is dead`]),
      ],
    };
  });
