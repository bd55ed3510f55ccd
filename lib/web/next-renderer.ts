import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { AppError } from "#lib/core/errors.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { InMemoryAnswer, InMemoryRequest } from "./http/in-memory-exchange.ts";
import { runInMemory } from "./http/in-memory-exchange.ts";

const RENDER_DEADLINE_MS = 15_000;
/** Compiling a page for the first time takes its time in development. */
const DEVELOPMENT_DEADLINE_MS = 120_000;

export type Renderer = {
  /** HTML of an internal route. @throws Error when the route does not answer 200 in time. */
  readonly render: (path: string) => Promise<string>;
  /** Any other route of Next, as a whole answer. The caller has checked who asks. */
  readonly answer: (request: InMemoryRequest) => Promise<InMemoryAnswer>;
  /** Development only: compiled files and hot reloading, straight through. */
  readonly pass: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
  /** Loads Next; done by the first use otherwise. Resolves when pages can be rendered. May be called again. */
  readonly prepare: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Names the build, so that pages which refer to the style sheets of another one are not shown. "development" without a build. */
export const readBuildId = async (dir: string): Promise<string> => {
  const file = join(dir, ".next", "BUILD_ID");
  return existsSync(file) ? (await readFile(file, "utf8")).trim() : "development";
};

/**
 * Next inside this process, behind our server: it opens no port and is asked in memory. It is loaded
 * when first needed, so that a server can answer from its disk copy before.
 * @param dir folder that holds `app` and `.next`.
 */
export const createNextRenderer = async (args: {
  dir: string;
  isProduction: boolean;
  log: Logger;
}): Promise<Renderer> => {
  const { dir, isProduction, log } = args;
  if (isProduction && !existsSync(join(dir, ".next", "BUILD_ID"))) {
    throw new AppError("BUILD_FAILED", `there is no build of the web pages in ${join(dir, ".next")}`);
  }
  const deadlineMs = isProduction ? RENDER_DEADLINE_MS : DEVELOPMENT_DEADLINE_MS;
  const load = async () => {
    const { default: next } = await import("next");
    const app = next({ dev: !isProduction, dir, quiet: true });
    await app.prepare();
    return { app, handle: app.getRequestHandler() };
  };
  let loading: ReturnType<typeof load> | null = null;
  const loaded = (): ReturnType<typeof load> => {
    if (loading === null) {
      loading = load();
      loading.catch((error: unknown) => log.error({ code: "BUILD_FAILED", error }, "the web pages cannot be rendered"));
    }
    return loading;
  };

  const answer = async (request: InMemoryRequest): Promise<InMemoryAnswer> => {
    const { handle } = await loaded();
    return runInMemory((req, res) => handle(req, res), request, deadlineMs);
  };
  return {
    prepare: async () => {
      await loaded();
    },
    answer,
    render: async (path) => {
      const { status, body } = await answer({
        method: "GET",
        url: path,
        headers: { host: "localhost", accept: "text/html" },
      });
      if (status !== 200) throw new Error(`rendering ${path} answered ${status}`);
      return body.toString("utf8");
    },
    pass: async (req, res) => {
      const { handle } = await loaded();
      await handle(req, res);
    },
    upgrade: async (req, socket, head) => {
      const { app } = await loaded();
      await app.getUpgradeHandler()(req, socket, head);
    },
    close: async () => {
      const current = await loading?.catch(() => null);
      await current?.app.close();
    },
  };
};
