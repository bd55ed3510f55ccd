// Runs fault scenarios in full: npm run faults [-- F08 …]. Each prints its figures and what did not hold.
import { judgeF08, runF08 } from "./f08-postgres-stopped.ts";

const SCENARIOS: Readonly<Record<string, () => Promise<{ figures: object; faults: readonly string[] }>>> = {
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
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no scenario ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}\n`);
  process.exitCode = 2;
} else {
  let passed = 0;
  let failed = 0;
  for (const [name, run] of Object.entries(SCENARIOS).filter(([name]) => asked.length === 0 || asked.includes(name))) {
    const { figures, faults } = await run();
    process.stdout.write(
      `${faults.length === 0 ? "ok  " : "FAIL"} ${name} ${JSON.stringify(figures)}\n${faults.map((fault) => `     ${fault}\n`).join("")}`,
    );
    if (faults.length === 0) passed += 1;
    else failed += 1;
  }
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
