// F04: the dispatcher is killed between the receiver's 200 and our commit. Nothing is lost; what comes twice has the same id.
import { checkAlerts } from "./rig/checkers.ts";
import { checkNumbers, countStates, openDeliveryWorld, SIGNING_SECRET, webhook } from "./rig/delivery.ts";
import type { Receiver } from "./rig/receiver.ts";
import { startReceiver } from "./rig/receiver.ts";
import type { RoleProcess } from "./rig/role-processes.ts";
import type { ScenarioResult } from "./rig/scenario.ts";
import { seededRandom, withCleanup } from "./rig/scenario.ts";

/** A dispatcher takes this many new events at most before it is killed. */
const LONGEST_LIFE = 4;
/** The lease of the last killed one, and one attempt after the other for what was left behind. */
const DONE_WITHIN_MS = 60_000;

/**
 * The receiver kills whoever is armed once it has answered the given number of events that it had not seen before: an
 * event that was left behind by one kill is not hit again, because three crashes in a row are a poison payload (F23).
 */
const startKillingReceiver = async (logFile: string) => {
  const seen = new Set<string>();
  let armed: { readonly process: RoleProcess; left: number } | null = null;
  const receiver: Receiver = await startReceiver(logFile, {
    onAnswered: ({ headers }) => {
      const id = headers["webhook-id"] ?? "";
      if (seen.has(id)) return;
      seen.add(id);
      if (armed === null) return;
      armed.left -= 1;
      if (armed.left > 0) return;
      armed.process.child.kill("SIGKILL");
      armed = null;
    },
  });
  return {
    receiver,
    /** Resolves when the process is dead. */
    killAfter: async (process: RoleProcess, events: number): Promise<void> => {
      armed = { process, left: events };
      if (process.child.exitCode === null && process.child.signalCode === null)
        await new Promise((resolve) => process.child.once("exit", resolve));
    },
  };
};

/** Runs the scenario: `kills` is 100 in full. */
export const runF04 = ({ kills, seed }: { kills: number; seed: number }): Promise<ScenarioResult> =>
  withCleanup(async (later) => {
    const random = seededRandom(seed);
    const world = await openDeliveryWorld(later, "f04");
    const { receiver, killAfter } = await startKillingReceiver(`${world.folder}/received.jsonl`);
    later(receiver.stop);
    await world.apply([webhook("oncall", receiver.url, ", timeout: 1s, max_in_flight: 1")]);
    const events = kills * LONGEST_LIFE + 10;
    await world.queue({ prefix: "f04_", count: events, endpointId: "oncall" });
    for (let kill = 0; kill < kills; kill += 1) {
      const process = await world.startDeliver();
      later(process.stop);
      await killAfter(process, 1 + Math.floor(random() * LONGEST_LIFE));
    }
    const last = await world.startDeliver();
    later(last.stop);
    await world.untilDone(DONE_WITHIN_MS);
    await last.stop();

    const received = receiver.received();
    const ids = new Set(received.map(({ headers }) => headers["webhook-id"]));
    const duplicates = received.length - ids.size;
    const states = await countStates(world.sql);
    const [abandoned] = await world.sql<{ n: number }[]>`
      select count(*)::int as n from attempts where reason like 'abandoned%'`;
    return {
      figures: { seed, kills, events, received: received.length, duplicates, abandoned: abandoned?.n ?? -1 },
      faults: [
        ...(await checkAlerts(world.sql, received, SIGNING_SECRET)).map(({ checker, what }) => `${checker}: ${what}`),
        ...(await checkNumbers(world.sql)),
        ...(duplicates > kills ? [`${duplicates} events came again after ${kills} kills`] : []),
        ...(states.delivered === events ? [] : [`the deliveries ended as ${JSON.stringify(states)}`]),
      ],
    };
  });
