// The web role without Next, in a process of its own: everything but rendered pages is the product's.
import { join } from "node:path";
import { openDatabase } from "#db/database.ts";
import type { FromRole, RoleSettings, ToRole } from "#lib/cli/roles/role.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import { silentAccessLog } from "#lib/web/http/access-log.ts";
import type { Renderer } from "#lib/web/next-renderer.ts";
import { startWebServer } from "#lib/web/server.ts";
import { fakeRenderer } from "../../support/web-site.ts";

/** The stand-in for Next, which writes the state of each service as well: pages change with them. */
const withStates = (renderer: Renderer): Renderer => ({
  ...renderer,
  render: async (path) => {
    const services = getWebContext().snapshot()?.services ?? [];
    const list = services.map(({ id, published }) => `<li>${id}=${published}</li>`).join("");
    return (await renderer.render(path)).replace("</h1>", `</h1><ul>${list}</ul>`);
  },
});

const send = (message: FromRole): void => void process.send?.(message);

const start = async ({ databaseUrl, dataDir, host, port, logLevel, secretKey }: RoleSettings): Promise<void> => {
  const database = openDatabase({ url: databaseUrl, applicationName: "nines-web" });
  const server = await startWebServer({
    host,
    port,
    dataDir,
    staticDir: join(dataDir, "static"),
    buildId: "none",
    version: "0",
    isProduction: true,
    database,
    clock: systemClock,
    log: createLogger({ service: "nines-web", level: logLevel }),
    accessLog: silentAccessLog,
    renderer: withStates(fakeRenderer()),
    randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
    secretBox: createSecretBox(Buffer.from(secretKey, "base64")),
    collectMetrics: () => Promise.resolve(""),
  });
  process.on("message", (message: ToRole) => {
    if (message.kind !== "stop") return;
    void server
      .stop()
      .then(() => database.close())
      .then(() => process.exit(0));
  });
  send({ kind: "ready", port: server.port });
};

process.once("message", (message: ToRole) => {
  if (message.kind === "settings")
    void start(message.settings).catch((error: unknown) =>
      send({ kind: "failed", code: "INTERNAL", detail: String(error) }),
    );
});
process.on("disconnect", () => process.exit(0));
