import { openApiDocument } from "#lib/contracts/openapi.ts";
import type { Representation } from "./representation.ts";
import { buildRepresentation } from "./representation.ts";
import { DATA_CONTENT_POLICY } from "./security-headers.ts";

/** The API's description as bytes, made once and again only when the address of the page changes. */
export const createOpenApiFile = (version: string): ((serverUrl: string) => Promise<Representation>) => {
  let last: { readonly serverUrl: string; readonly file: Promise<Representation> } | null = null;
  return (serverUrl) => {
    if (last?.serverUrl !== serverUrl) {
      const file = buildRepresentation({
        body: Buffer.from(JSON.stringify(openApiDocument({ version, serverUrl }))),
        contentType: "application/json; charset=utf-8",
        cacheControl: "public, max-age=300",
        vary: "Accept-Encoding",
        lastModifiedMs: 0,
        extraHeaders: ["Content-Security-Policy", DATA_CONTENT_POLICY],
        brotliQuality: 9,
      });
      last = { serverUrl, file };
    }
    return last.file;
  };
};
