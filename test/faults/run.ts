// Runs fault scenarios in full: npm run faults [-- F01 F08 … --seed N]. Each prints its figures and what did not hold.
import { parseArgs } from "node:util";
import { runF01 } from "./f01-prober-killed.ts";
import { runF06 } from "./f06-postgres-restarted.ts";
import { judgeF08, runF08 } from "./f08-postgres-stopped.ts";
import { runF09 } from "./f09-postgres-down-for-long.ts";
import { runF13 } from "./f13-half-open.ts";
import { runF18 } from "./f18-location-cut-off.ts";
import { runF19 } from "./f19-one-location-wrong.ts";
import { runF31 } from "./f31-heavy-assertions.ts";
import { runF35 } from "./f35-ingest-abuse.ts";
import { newSeed } from "./rig/scenario.ts";

type Result = { readonly figures: object; readonly faults: readonly string[] };

/** By name; those that leave something to chance take a seed, and do the same again for the same one. */
const SCENARIOS: Readonly<Record<string, (seed: number) => Promise<Result>>> = {
  F01: (seed) => runF01({ kills: 100, seed }),
  F06: (seed) => runF06({ restarts: 20, seed }),
  F08: async () => {
    const result = await runF08({ stopMs: 60_000 });
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
  F13: (seed) => runF13({ deadMs: 120_000, seed }),
  F18: () => runF18({ cutMs: 150_000 }),
  F19: () => runF19({ brokenMs: 60_000 }),
  F31: (seed) => runF31({ seed }),
  F35: runF35,
};

/** A scenario that breaks off has failed too, and the others still run. */
const runOne = async (run: (seed: number) => Promise<Result>, seed: number): Promise<Result> => {
  try {
    return await run(seed);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { figures: {}, faults: [`it broke off: ${text}`] };
  }
};

const { values, positionals: asked } = parseArgs({ options: { seed: { type: "string" } }, allowPositionals: true });
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
      `${faults.length === 0 ? "ok  " : "FAIL"} ${name} ${JSON.stringify(figures)}\n${faults.map((fault) => `     ${fault}\n`).join("")}`,
    );
    if (faults.length === 0) passed += 1;
    else failed += 1;
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
