import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "#db/database.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createAccessLog } from "#lib/web/http/access-log.ts";
import type { InMemoryRequest } from "#lib/web/http/in-memory-exchange.ts";
import type { RunBlackbox } from "#lib/web/inbound/blackbox-facts.ts";
import type { Renderer } from "#lib/web/next-renderer.ts";
import type { WebServer } from "#lib/web/server.ts";
import { startWebServer } from "#lib/web/server.ts";
import type { WebServerArgs } from "#lib/web/web-args.ts";

/** A database that is away, as a stopped one looks to callers. */
export const absentDatabase = (): Database => {
  const fail = () => Promise.reject(new AppError("DATABASE_UNREACHABLE", "the test's database is away"));
  return {
    read: fail,
    transaction: fail,
    listen: () => Promise.resolve(() => Promise.resolve()),
    close: () => Promise.resolve(),
  };
};

export type FakeRenderer = Renderer & {
  readonly rendered: string[];
  readonly asked: InMemoryRequest[];
  /** Called before each rendering; may wait or throw. */
  onRender: (path: string) => Promise<void>;
};

/** Stands for Next: writes the path, the marks of the stale banner, the tokens of the instant, and scripts to be removed. */
export const fakeRenderer = (): FakeRenderer => {
  const renderer: FakeRenderer = {
    rendered: [],
    asked: [],
    onRender: () => Promise.resolve(),
    prepare: () => Promise.resolve(),
    render: async (path) => {
      renderer.rendered.push(path);
      await renderer.onRender(path);
      return (
        `<!DOCTYPE html><html><head><link rel="preload" as="script" href="/_next/static/a.js"><link rel="stylesheet" href="/_next/static/a.css">` +
        `</head><body><template data-cut="stale-start"></template><p>STALE</p><template data-cut="stale-end"></template>` +
        `<h1>${path} #${renderer.rendered.length}</h1><time datetime="@@AS_OF_ISO@@">@@AS_OF_TEXT@@</time>` +
        `${"<p>filler that compresses</p>".repeat(50)}<script>alert(1)</script><script src="/x.js" async=""></script></body></html>`
      );
    },
    answer: async (request) => {
      renderer.asked.push(request);
      return {
        status: 200,
        headers: [
          ["Content-Type", "text/html; charset=utf-8"],
          ["Cache-Control", "public"],
        ],
        body: Buffer.from(`<p>${request.url}</p>`),
      };
    },
    pass: () => Promise.reject(new Error("development only")),
    upgrade: () => Promise.reject(new Error("development only")),
    close: () => Promise.resolve(),
  };
  return renderer;
};

export type TestSite = {
  readonly url: string;
  readonly renderer: FakeRenderer;
  readonly server: WebServer;
  readonly accessLines: string[];
  readonly dataDir: string;
  readonly stop: () => Promise<void>;
};

/** The web role on a free port, with a snapshot on disk instead of a database unless one is given. */
export const startTestSite = async (
  options: {
    snapshot?: Snapshot | null;
    database?: Database;
    clock?: Clock;
    dataDir?: string;
    renderer?: FakeRenderer;
    runBlackbox?: RunBlackbox;
    runProbe?: WebServerArgs["runProbe"];
    secretBox?: SecretBox;
    resolveSecret?: (reference: string) => string | null;
    apiSettings?: WebServerArgs["apiSettings"];
  } = {},
): Promise<TestSite> => {
  const { writeFile, mkdir } = await import("node:fs/promises");
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "nines-web-")));
  if (options.snapshot) {
    await mkdir(join(dataDir, "page-cache"), { recursive: true });
    await writeFile(join(dataDir, "page-cache", "snapshot.json"), JSON.stringify(options.snapshot));
  }
  const renderer = options.renderer ?? fakeRenderer();
  const accessLines: string[] = [];
  const server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    staticDir: join(dataDir, "static"),
    buildId: "test",
    version: "0.1.0",
    isProduction: true,
    database: options.database ?? absentDatabase(),
    clock: options.clock ?? systemClock,
    log: silentLogger,
    accessLog: createAccessLog({
      service: "nines-web",
      region: null,
      sink: { write: (line) => accessLines.push(line) },
    }),
    renderer,
    randomBytes,
    secretBox: options.secretBox ?? createSecretBox(new Uint8Array(32)),
    runBlackbox: options.runBlackbox,
    runProbe: options.runProbe,
    ...(options.resolveSecret === undefined ? {} : { resolveSecret: options.resolveSecret }),
    apiSettings: options.apiSettings,
    collectMetrics: () => Promise.resolve("# metrics of all roles\n"),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    renderer,
    server,
    accessLines,
    dataDir,
    stop: async () => {
      await server.stop();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
};
