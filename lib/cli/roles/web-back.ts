import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { createBlackboxRunner } from "#lib/cli/blackbox/run-blackbox.ts";
import { createProbeNowRunner } from "#lib/cli/blackbox/run-probe-now.ts";
import { openMeasuredDatabase } from "#lib/cli/roles/measured-database.ts";
import type { RoleContext } from "#lib/cli/roles/role.ts";
import { loadConfigFile } from "#lib/cli/start/read-config-file.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import { readApiSettings } from "#lib/config/api-env.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { readSecretFile } from "#lib/config/read-capped.ts";
import { resolveCredential } from "#lib/config/secrets.ts";
import { VERSION } from "#lib/runtime/version.ts";
import type { WebBackArgs } from "#lib/web/web-args.ts";
import { userAgentOf } from "#probes/user-agent.ts";

/** Opens what the web role needs beyond its copy on disk. `signal` ends checks that somebody asked for. */
export const openBackArgs = ({ settings, clock, collectMetrics }: RoleContext, signal: AbortSignal): WebBackArgs => ({
  version: VERSION,
  database: openMeasuredDatabase({ url: settings.databaseUrl, applicationName: "nines-web" }, clock),
  apiSettings: readApiSettings(processEnvironment()),
  secretBox: openSecretBox(settings),
  resolveSecret: (reference) => {
    const resolved = resolveCredential(reference, { env: processEnvironment(), readFile: readSecretFile });
    return resolved.ok ? resolved.secret : null;
  },
  runBlackbox: createBlackboxRunner({ clock, randomBytes, userAgent: userAgentOf(null) }),
  runProbe: createProbeNowRunner({ clock, randomBytes, userAgent: userAgentOf(null), signal }),
  ...(settings.configPath === ""
    ? {}
    : {
        configFile: {
          name: basename(settings.configPath),
          signature: () =>
            stat(settings.configPath).then(
              ({ ino, size, mtimeMs }) => `${ino}:${size}:${mtimeMs}`,
              () => "gone",
            ),
          load: () => loadConfigFile(settings.configPath, processEnvironment()),
        },
      }),
  collectMetrics,
});
