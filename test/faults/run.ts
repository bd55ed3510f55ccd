// Runs fault scenarios in full: npm run faults [-- F01 F08 … --seed N]. Each prints its figures and what did not hold.
import { parseArgs } from "node:util";
import { runF01 } from "./f01-prober-killed.ts";
import { runF02 } from "./f02-engine-killed.ts";
import { runF03 } from "./f03-web-killed.ts";
import { runF04 } from "./f04-dispatcher-killed.ts";
import { runF05 } from "./f05-all-killed.ts";
import { runF06 } from "./f06-postgres-restarted.ts";
import { judgeF08, runF08 } from "./f08-postgres-stopped.ts";
import { runF09 } from "./f09-postgres-down-for-long.ts";
import { runF12 } from "./f12-postgres-absent.ts";
import { runF13 } from "./f13-half-open.ts";
import { runF14 } from "./f14-clock-jumps.ts";
import { runF16 } from "./f16-two-engines.ts";
import { runF17 } from "./f17-zombie-leader.ts";
import { runF18 } from "./f18-location-cut-off.ts";
import { runF19 } from "./f19-one-location-wrong.ts";
import { runF21 } from "./f21-receiver-down.ts";
import { runF22 } from "./f22-slow-endpoint.ts";
import { runF23 } from "./f23-poison.ts";
import { runF25 } from "./f25-reload-keeps-state.ts";
import { runF26 } from "./f26-page-without-database.ts";
import { runF27 } from "./f27-stampede.ts";
import { runF28 } from "./f28-slow-readers.ts";
import { runF31 } from "./f31-heavy-assertions.ts";
import { runF32 } from "./f32-graceful-stop.ts";
import { runF35 } from "./f35-ingest-abuse.ts";
import { runF37 } from "./f37-engine-frozen.ts";
import { runF38 } from "./f38-maintenance-and-silences.ts";
import { runF39 } from "./f39-key-rotation.ts";
import { runF40 } from "./f40-retention.ts";
import { runF41 } from "./f41-subscribers.ts";
import { runF42 } from "./f42-two-engines-tell-once.ts";
import { runFreshness } from "./freshness.ts";
import { newSeed } from "./rig/scenario.ts";

type Result = { readonly figures: object; readonly faults: readonly string[] };

/** By name; those that leave something to chance take a seed, and do the same again for the same one. */
const SCENARIOS: Readonly<Record<string, (seed: number) => Promise<Result>>> = {
  F01: (seed) => runF01({ kills: 100, seed }),
  F02: (seed) => runF02({ kills: 100, rounds: 2, seed }),
  F03: (seed) => runF03({ kills: 100, seed, pages: "built" }),
  F04: (seed) => runF04({ kills: 100, seed }),
  F05: (seed) => runF05({ kills: 20, seed }),
  F06: (seed) => runF06({ restarts: 20, seed }),
  F08: async () => {
    const result = await runF08({ stopMs: 60_000, isClosedLive: true });
    const { load, notReadyAfterMs, bannerAfterMs, flushedAfterMs } = result;
    return {
      figures: {
        notReadyAfterMs,
        bannerAfterMs,
        flushedAfterMs,
        requests: load.requests,
        failed: load.failures.length,
        p50Ms: load.p50Ms,
        p99Ms: load.p99Ms,
      },
      faults: judgeF08(result),
    };
  },
  F09: (seed) => runF09({ probes: 60, capBytes: 16 * 2 ** 20, seed }),
  F12: () => runF12({ absentMs: 30_000, pages: "built" }),
  F13: (seed) => runF13({ deadMs: 120_000, seed }),
  F14: () => runF14({ holdMs: 25_000 }),
  F16: (seed) => runF16({ kills: 50, rounds: 2, seed }),
  F17: () => runF17({ stopMs: 60_000 }),
  F18: () => runF18({ cutMs: 150_000 }),
  F19: () => runF19({ brokenMs: 60_000 }),
  F21: (seed) => runF21({ events: 1_000, seed }),
  F22: () => runF22({ queued: 10_000, oldRows: 1_000_000, healthy: 300 }),
  F23: runF23,
  F25: () => runF25({ reloads: 100 }),
  F26: () => runF26({ loadMs: 60_000, pages: "built" }),
  F27: () => runF27({ visitors: 1_000 }),
  F28: () => runF28({ slow: 500, perSecond: 2_000, loadMs: 60_000, pages: "built" }),
  F31: (seed) => runF31({ seed }),
  F32: (seed) => runF32({ stops: 12, seed }),
  F35: runF35,
  F37: () => runF37({ stopMs: 180_000 }),
  F38: runF38,
  F39: runF39,
  F40: (seed) => runF40({ kills: 20, withReading: true, seed }),
  SUBSCRIBERS: (seed) => runF41({ subscribers: 10_000, kills: 5, seed }),
  F42: (seed) => runF42({ subscribers: 100, seed }),
  FRESH: () => runFreshness({ failures: 100 }),
};

const MOST_FAULTS = 20;
/** A line each; one cause may break thousands of minutes. */
const linesOf = (faults: readonly string[]): string =>
  [...faults.slice(0, MOST_FAULTS), ...(faults.length > MOST_FAULTS ? [`and ${faults.length - MOST_FAULTS} more`] : [])]
    .map((fault) => `     ${fault}\n`)
    .join("");

/** A scenario that breaks off has failed too, and the others still run. */
const runOne = async (run: (seed: number) => Promise<Result>, seed: number): Promise<Result> => {
  try {
    return await run(seed);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { figures: {}, faults: [`it broke off: ${text}`] };
  }
};

const { values, positionals } = parseArgs({ options: { seed: { type: "string" } }, allowPositionals: true });
const asked = positionals.map((name) => name.toUpperCase());
const seed = values.seed === undefined ? newSeed() : Number(values.seed);
const unknown = asked.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no scenario ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}\n`);
  process.exitCode = 2;
} else {
  let passed = 0;
  let failed = 0;
  for (const [name, run] of Object.entries(SCENARIOS).filter(([name]) => asked.length === 0 || asked.includes(name))) {
    process.stderr.write(`${name} begins, seed ${seed}\n`);
    const { figures, faults } = await runOne(run, seed);
    process.stdout.write(
      `${faults.length === 0 ? "ok  " : "FAIL"} ${name} ${JSON.stringify(figures)}\n${linesOf(faults)}`,
    );
    if (faults.length === 0) passed += 1;
    else failed += 1;
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
