import type { BenchServer } from "./children.ts";
import { startBenchServer } from "./children.ts";
import type { OtherResult } from "./others.ts";
import { compare } from "./others.ts";

const NAME = "Next rendering the page for each request";
const REQUESTS = 60;
const OURS_REQUESTS = 5_000;

/** The same page, rendered by Next for each request as `next start` does with a dynamic page. */
export const benchDynamic = async (args: {
  readonly dataDir: string;
  readonly ours: BenchServer;
  readonly headers: readonly string[];
  readonly rounds: number;
}): Promise<OtherResult> => {
  const { dataDir, ours, headers, rounds } = args;
  const server = await startBenchServer({ kind: "dynamic", dataDir });
  try {
    return await compare({
      name: NAME,
      ours: { port: ours.port, path: "/", requests: OURS_REQUESTS },
      other: { port: server.port, path: "/", requests: REQUESTS },
      headers,
      rounds,
    });
  } finally {
    server.stop();
  }
};
