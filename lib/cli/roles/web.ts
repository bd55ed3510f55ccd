import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createBlackboxRunner } from "#lib/cli/blackbox/run-blackbox.ts";
import { createProbeNowRunner } from "#lib/cli/blackbox/run-probe-now.ts";
import { openMeasuredDatabase } from "#lib/cli/roles/measured-database.ts";
import type { StartRole } from "#lib/cli/roles/role.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import { readApiSettings } from "#lib/config/api-env.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { readSecretFile } from "#lib/config/read-capped.ts";
import { resolveCredential } from "#lib/config/secrets.ts";
import { VERSION } from "#lib/runtime/version.ts";
import { backgroundSink, createAccessLog, silentAccessLog } from "#lib/web/access-log.ts";
import { createNextRenderer, readBuildId } from "#lib/web/next-renderer.ts";
import { startWebServer } from "#lib/web/server.ts";
import { userAgentOf } from "#probes/user-agent.ts";

/** Serves pages and API until it is stopped. */
export const startRole: StartRole = async ({ settings, clock, log, collectMetrics }) => {
  const { host, port, dataDir, isProduction, logLevel } = settings;
  const database = openMeasuredDatabase({ url: settings.databaseUrl, applicationName: "nines-web" }, clock);
  const stopping = new AbortController();
  const isLoggingRequests = logLevel === "info" || logLevel === "debug";
  const server = await startWebServer({
    host,
    port,
    dataDir,
    staticDir: join(PROJECT_ROOT, ".next", "static"),
    scriptFile: join(PROJECT_ROOT, "app", "(public)", "enhance.js"),
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
    apiSettings: readApiSettings(processEnvironment()),
    secretBox: openSecretBox(settings),
    resolveSecret: (reference) => {
      const resolved = resolveCredential(reference, { env: processEnvironment(), readFile: readSecretFile });
      return resolved.ok ? resolved.secret : null;
    },
    runBlackbox: createBlackboxRunner({ clock, randomBytes, userAgent: userAgentOf(null) }),
    runProbe: createProbeNowRunner({
      clock,
      randomBytes,
      userAgent: userAgentOf(null),
      signal: stopping.signal,
    }),
    collectMetrics,
  });
  return {
    port: server.port,
    stop: async () => {
      stopping.abort();
      await server.stop();
      await database.close();
    },
  };
};
