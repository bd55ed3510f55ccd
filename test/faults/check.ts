// Checks a database from its raw rows alone, such as one that a scenario or a bad night has left:
// node test/faults/check.ts postgres://… [interval of the probes in milliseconds, default 1000]
import postgres from "postgres";
import { checkBuckets, checkGaps, checkInnocence, checkSessions, checkSkipped, checkSliHours } from "./rig/checkers.ts";
import { checkByOracle } from "./rig/oracle.ts";

const [url, intervalText = "1000"] = process.argv.slice(2);
if (url === undefined) {
  process.stderr.write("usage: node test/faults/check.ts postgres://user:password@host/database [interval in ms]\n");
  process.exitCode = 2;
} else {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const gaps = await checkGaps(sql, { intervalMs: Number(intervalText), allowedIn: () => 0 });
  const findings = [
    ...gaps.findings,
    ...(await checkBuckets(sql)),
    ...(await checkSkipped(sql)),
    ...(await checkSliHours(sql)),
    ...(await checkByOracle(sql)),
    ...(await checkInnocence(sql, [])),
    ...(await checkSessions(sql, Number.POSITIVE_INFINITY)),
  ];
  await sql.end();
  for (const { checker, what } of findings) process.stdout.write(`${checker} ${what}\n`);
  process.stdout.write(`${findings.length} findings\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
