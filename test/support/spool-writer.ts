// A process that records into a spool while its sink is away, until it is killed. It prints how many runs are on the disk.
import { silentLogger } from "#lib/runtime/logger.ts";
import { createBacklog } from "#probes/spool/backlog.ts";
import { sampleRun } from "./sample-run.ts";

const [dir = "", firstText = "0"] = process.argv.slice(2);
const backlog = createBacklog({ dir, log: silentLogger, capBytes: 400_000 });
await backlog.open();
for (let index = Number(firstText); ; index += 7) {
  await backlog.append(Array.from({ length: 7 }, (_, offset) => sampleRun({ scheduledAt: index + offset })));
  process.stdout.write(`${index + 7}\n`);
}
