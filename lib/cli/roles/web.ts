import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { StartRole } from "#lib/cli/roles/role.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { backgroundSink } from "#lib/runtime/line-sink.ts";
import { createAccessLog, silentAccessLog } from "#lib/web/http/access-log.ts";
import { createNextRenderer, readBuildId } from "#lib/web/next-renderer.ts";
import { openWebServer } from "#lib/web/server.ts";
import type { WebBackArgs } from "#lib/web/web-args.ts";

/**
 * Serves pages and API until it is stopped. Only what pages on disk need is imported above: the rest takes three times
 * as long to load, and is loaded when the port is open.
 */
export const startRole: StartRole = async (context) => {
  const { settings, clock, log } = context;
  const { host, port, dataDir, isProduction, logLevel } = settings;
  const stopping = new AbortController();
  const isLoggingRequests = logLevel === "info" || logLevel === "debug";
  let back: WebBackArgs | null = null;
  const loadArgs = async (): Promise<WebBackArgs> => {
    await context.startInstruments();
    const { openBackArgs } = await import("#lib/cli/roles/web-back.ts");
    back = openBackArgs(context, stopping.signal);
    return back;
  };
  const server = await openWebServer(
    {
      host,
      port,
      dataDir,
      staticDir: join(PROJECT_ROOT, ".next", "static"),
      scriptFile: join(PROJECT_ROOT, "app", "(public)", "enhance.js"),
      buildId: await readBuildId(PROJECT_ROOT),
      isProduction,
      clock,
      log,
      accessLog: isLoggingRequests
        ? createAccessLog({ service: "nines-web", region: null, sink: backgroundSink() })
        : silentAccessLog,
      renderer: await createNextRenderer({ dir: PROJECT_ROOT, isProduction, log }),
      randomBytes,
    },
    loadArgs,
  );
  const stop = async (): Promise<void> => {
    stopping.abort();
    await server.stop();
    await back?.database.close();
  };
  try {
    await server.whole;
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: server.port, stop };
};
