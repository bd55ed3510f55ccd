import { apiDescription } from "#lib/config/api/description.ts";
import { asyncApiDocument } from "#lib/contracts/asyncapi.ts";
import type { Representation } from "../http/representation.ts";
import { buildRepresentation } from "../http/representation.ts";
import { DATA_CONTENT_POLICY } from "../http/security-headers.ts";
import { DOCS_CONTENT_POLICY, docsPage } from "./docs-page.ts";

type Args = { readonly version: string; readonly serverUrl: string };
type Kind = { readonly contentType: string; readonly policy: string; readonly write: (args: Args) => string };

const JSON_TYPE = "application/json; charset=utf-8";

/** What describes the API, by its address. */
const KINDS: Readonly<Record<string, Kind>> = {
  "/openapi.json": {
    contentType: JSON_TYPE,
    policy: DATA_CONTENT_POLICY,
    write: (args) => JSON.stringify(apiDescription(args)),
  },
  "/asyncapi.json": {
    contentType: JSON_TYPE,
    policy: DATA_CONTENT_POLICY,
    write: (args) => JSON.stringify(asyncApiDocument(args)),
  },
  "/docs": {
    contentType: "text/html; charset=utf-8",
    policy: DOCS_CONTENT_POLICY,
    write: (args) => docsPage(apiDescription(args)),
  },
};

/**
 * The descriptions of the API as bytes, each made once and again only when the address of the page changes. The
 * returned function gives null for every other path.
 */
export const createDescriptions = (
  version: string,
): ((path: string, serverUrl: string) => Promise<Representation> | null) => {
  const made = new Map<string, { readonly serverUrl: string; readonly file: Promise<Representation> }>();
  return (path, serverUrl) => {
    const kind = Object.hasOwn(KINDS, path) ? KINDS[path] : undefined;
    if (kind === undefined) return null;
    const known = made.get(path);
    if (known?.serverUrl === serverUrl) return known.file;
    const file = buildRepresentation({
      body: Buffer.from(kind.write({ version, serverUrl })),
      contentType: kind.contentType,
      cacheControl: "public, max-age=300",
      vary: "Accept-Encoding",
      lastModifiedMs: 0,
      extraHeaders: ["Content-Security-Policy", kind.policy],
      brotliQuality: 5,
    });
    made.set(path, { serverUrl, file });
    return file;
  };
};
