import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openDatabase } from "#db/database.ts";
import { createBlackboxRunner } from "#lib/cli/blackbox/run-blackbox.ts";
import type { StartRole } from "#lib/cli/roles/role.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import { VERSION } from "#lib/runtime/version.ts";
import { backgroundSink, createAccessLog, silentAccessLog } from "#lib/web/access-log.ts";
import { createNextRenderer, readBuildId } from "#lib/web/next-renderer.ts";
import { startWebServer } from "#lib/web/server.ts";
import { userAgentOf } from "#probes/user-agent.ts";

/** Serves pages and API until it is stopped. */
export const startRole: StartRole = async ({ settings, clock, log, collectMetrics }) => {
  const { host, port, dataDir, isProduction, logLevel } = settings;
  const database = openDatabase({ url: settings.databaseUrl, applicationName: "nines-web" });
  const isLoggingRequests = logLevel === "info" || logLevel === "debug";
  const server = await startWebServer({
    host,
    port,
    dataDir,
    staticDir: join(PROJECT_ROOT, ".next", "static"),
    buildId: await readBuildId(PROJECT_ROOT),
    version: VERSION,
    isProduction,
    database,
    clock,
    log,
    accessLog: isLoggingRequests
      ? createAccessLog({ service: "nines-web", region: null, sink: backgroundSink() })
      : silentAccessLog,
    renderer: await createNextRenderer({ dir: PROJECT_ROOT, isProduction, log }),
    randomBytes,
    secretBox: openSecretBox(settings),
    runBlackbox: createBlackboxRunner({ clock, randomBytes, userAgent: userAgentOf(null) }),
    collectMetrics,
  });
  return {
    port: server.port,
    stop: async () => {
      await server.stop();
      await database.close();
    },
  };
};
