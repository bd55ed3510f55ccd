// A process that owns an embedded server, for tests that kill it: prints the server's pid and URL as one JSON line.
import { startEmbedded } from "#db/embedded/index.ts";

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error("the data folder is missing");
const quiet = { info: () => undefined, warn: () => undefined };
try {
  const server = await startEmbedded({ dataDir, log: quiet });
  process.stdout.write(`${JSON.stringify({ pid: server.pid, url: server.url })}\n`);
  process.stdin.once("data", () => void server.stop().then(() => process.exit(0)));
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  process.exit(1);
}
