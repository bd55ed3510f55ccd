import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { NOTICE_CSS, NOTICE_CSS_PATH } from "../notice-page.ts";
import type { Representation } from "./representation.ts";
import { buildRepresentation } from "./representation.ts";
import { DATA_CONTENT_POLICY } from "./security-headers.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".map": "application/json; charset=utf-8",
};
const IMMUTABLE = "public, max-age=31536000, immutable";
const A_DAY = "public, max-age=86400";
const PREFIX = "/_next/static/";

const FAVICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1a7f4b"/><path d="M9 17l5 5 9-12" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/></svg>\n`;
const ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /v1/\n";

const SCRIPT_PREFIX = "/_static/";

export type StaticFiles = {
  /** Address of the script that public pages may use; null when there is none. */
  readonly scriptPath: string | null;
  /** The bytes of a path, or null when there is no such file. */
  readonly get: (path: string) => Promise<Representation> | null;
};

const represent = (body: Buffer, contentType: string, cacheControl: string): Promise<Representation> =>
  buildRepresentation({
    body,
    contentType,
    cacheControl,
    vary: "Accept-Encoding",
    lastModifiedMs: 0,
    extraHeaders: ["Content-Security-Policy", DATA_CONTENT_POLICY],
    brotliQuality: 9,
  });

/** Lists the files once: only what the build made can ever be asked for, so no path can lead elsewhere. */
const listBuild = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  try {
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    return new Map(
      found
        .filter((file) => file.isFile())
        .map((file) => {
          const full = join(file.parentPath, file.name);
          return [`${PREFIX}${relative(folder, full).split(sep).join("/")}`, full];
        }),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
};

/** The script of the public page under an address that changes with it. */
const readScript = async (file: string | null): Promise<{ path: string; body: Buffer } | null> => {
  if (file === null) return null;
  try {
    const body = await readFile(file);
    const hash = createHash("sha256").update(body).digest("base64url").slice(0, 12);
    return { path: `${SCRIPT_PREFIX}enhance-${hash}.js`, body };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

/**
 * Files that never change: Next's compiled style sheets and scripts, and a few of our own. Read and compressed once, when
 * first asked for. `scriptFile`: the script of the public page.
 */
export const openStaticFiles = async (folder: string, scriptFile: string | null = null): Promise<StaticFiles> => {
  const build = await listBuild(folder);
  const script = await readScript(scriptFile);
  const favicon = () => represent(Buffer.from(FAVICON), "image/svg+xml", A_DAY);
  const own = new Map<string, () => Promise<Representation>>([
    ["/favicon.svg", favicon],
    ["/favicon.ico", favicon],
    ["/robots.txt", () => represent(Buffer.from(ROBOTS), "text/plain; charset=utf-8", A_DAY)],
    [NOTICE_CSS_PATH, () => represent(Buffer.from(NOTICE_CSS), "text/css; charset=utf-8", A_DAY)],
  ]);
  if (script !== null) own.set(script.path, () => represent(script.body, TYPES[".js"] as string, IMMUTABLE));
  const ready = new Map<string, Promise<Representation>>();

  const load = (path: string): Promise<Representation> | null => {
    const make = own.get(path);
    if (make !== undefined) return make();
    const file = build.get(path);
    if (file === undefined) return null;
    return readFile(file).then((body) =>
      represent(body, TYPES[extname(file)] ?? "application/octet-stream", IMMUTABLE),
    );
  };

  return {
    scriptPath: script?.path ?? null,
    get: (path) => {
      const known = ready.get(path);
      if (known !== undefined) return known;
      const loading = load(path);
      if (loading === null) return null;
      ready.set(path, loading);
      loading.catch(() => ready.delete(path));
      return loading;
    },
  };
};
