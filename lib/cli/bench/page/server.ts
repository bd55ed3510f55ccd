// A child of `nines bench page`: the real web role, or a plain server of the same bytes. Its channel tells it which.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Database } from "#lib/read/web-context.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import { createAccessLog } from "#lib/web/http/access-log.ts";
import { createNextRenderer, readBuildId } from "#lib/web/next-renderer.ts";
import { startWebServer } from "#lib/web/server.ts";
import { PROJECT_ROOT } from "../../start/project-root.ts";

/** One answer of the plain server: its head as flat pairs and its body in base64. */
export type PlainAnswer = {
  readonly path: string;
  readonly status: number;
  readonly headers: readonly string[];
  readonly bodyBase64: string;
};

export type ToBenchServer =
  | { readonly kind: "real"; readonly dataDir: string }
  | { readonly kind: "plain"; readonly answers: readonly PlainAnswer[] }
  /** Next renders the page anew for each request, as `next start` does for a dynamic one. */
  | { readonly kind: "dynamic"; readonly dataDir: string }
  | { readonly kind: "cpu" };
export type FromBenchServer =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "cpu"; readonly us: number };

const send = (message: FromBenchServer): void => {
  process.send?.(message);
};

/** The bench measures the page without a database: this one is away for good. */
const noDatabase = (): Database => {
  const away = () => Promise.reject(new AppError("DATABASE_UNREACHABLE", "the bench runs without a database"));
  return {
    read: away,
    transaction: away,
    listen: () => Promise.resolve(() => Promise.resolve()),
    close: () => Promise.resolve(),
  };
};

const startReal = async (dataDir: string): Promise<void> => {
  const log = createLogger({ service: "nines-bench", level: "silent" });
  let lines = 0;
  const server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    staticDir: join(PROJECT_ROOT, ".next", "static"),
    scriptFile: join(PROJECT_ROOT, "app", "(public)", "enhance.js"),
    buildId: await readBuildId(PROJECT_ROOT),
    version: "bench",
    isProduction: true,
    database: noDatabase(),
    // Frozen for what the page shows, so that the bytes stay the same and fresh; running for everything that is measured.
    clock: {
      ...systemClock,
      now: (() => {
        const at = systemClock.now();
        return () => at;
      })(),
    },
    log,
    // Lines are made as in service and thrown away: the terminal is not what is measured.
    accessLog: createAccessLog({ service: "nines-bench", region: null, sink: { write: () => (lines += 1) } }),
    renderer: await createNextRenderer({ dir: PROJECT_ROOT, isProduction: true, log }),
    randomBytes,
    secretBox: createSecretBox(randomBytes(32)),
    collectMetrics: () => Promise.resolve(""),
  });
  send({ kind: "listening", port: server.port });
};

const startPlain = (answers: readonly PlainAnswer[]): void => {
  const byPath = new Map(
    answers.map((answer) => [answer.path, { ...answer, body: Buffer.from(answer.bodyBase64, "base64") }]),
  );
  const server = createServer((req, res) => {
    const answer = byPath.get(req.url ?? "");
    if (answer === undefined) {
      res.writeHead(404).end();
      return;
    }
    const isKnown = answer.status === 304 || req.headers["if-none-match"] !== undefined;
    res.writeHead(isKnown ? 304 : 200, [...answer.headers]);
    res.end(isKnown ? undefined : answer.body);
  });
  server.listen(0, "127.0.0.1", () => send({ kind: "listening", port: (server.address() as AddressInfo).port }));
};

const startDynamic = async (dataDir: string): Promise<void> => {
  const log = createLogger({ service: "nines-bench", level: "silent" });
  const snapshot = Snapshot.parse(JSON.parse(await readFile(join(dataDir, "page-cache", "snapshot.json"), "utf8")));
  setWebContext({
    database: noDatabase(),
    clock: systemClock,
    snapshot: () => snapshot,
    findSession: () => Promise.resolve(null),
    secretBox: createSecretBox(randomBytes(32)),
    reportFault: () => undefined,
  });
  const renderer = await createNextRenderer({ dir: PROJECT_ROOT, isProduction: true, log });
  await renderer.prepare();
  const server = createServer((_req, res) => {
    renderer.render("/render/en").then(
      (html) => {
        const body = gzipSync(html);
        res.writeHead(200, { "Content-Type": "text/html", "Content-Encoding": "gzip", "Content-Length": body.length });
        res.end(body);
      },
      () => res.writeHead(500, { "Content-Length": 0 }).end(),
    );
  });
  server.listen(0, "127.0.0.1", () => send({ kind: "listening", port: (server.address() as AddressInfo).port }));
};

process.on("message", (message: ToBenchServer) => {
  switch (message.kind) {
    case "real":
      void startReal(message.dataDir);
      return;
    case "dynamic":
      void startDynamic(message.dataDir);
      return;
    case "plain":
      startPlain(message.answers);
      return;
    case "cpu": {
      const { user, system } = process.cpuUsage();
      send({ kind: "cpu", us: user + system });
    }
  }
});
process.on("disconnect", () => process.exit(0));
