import { createHash } from "node:crypto";
import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import { matchesEtag } from "./negotiate.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./security-headers.ts";
import { acceptedCoding, encodeBody, varyOf } from "./send-json.ts";

/** A resource in another format than JSON. */
export type AnswerFile = {
  readonly contentType: string;
  readonly body: string;
  /** Under which name it is saved; null: it is shown. */
  readonly name: string | null;
  /** The one style element of a document that is shown; nothing else of it is let through. */
  readonly style?: string;
};

const policyOf = ({ style }: AnswerFile): string => {
  if (style === undefined) return DATA_CONTENT_POLICY;
  const hash = createHash("sha256").update(style).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
};

/** Answers a read with a file for the caller only: entity tag, 304, compression. */
export const sendFile = async (exchange: Exchange, file: AnswerFile): Promise<number> => {
  const plain = Buffer.from(file.body);
  const etag = `W/"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  const shared = [
    ...[
      "ETag",
      etag,
      "Cache-Control",
      "private, no-store",
      "Vary",
      ["Accept, Accept-Encoding", ...varyOf(exchange)].join(", "),
    ],
    ...["Content-Security-Policy", policyOf(file)],
    ...COMMON_HEADERS,
  ];
  const known = exchange.req.headers["if-none-match"];
  if (known !== undefined && matchesEtag(known, etag)) {
    send(exchange, 304, shared, null);
    return 304;
  }
  const { body, coding } = await encodeBody(plain, acceptedCoding(exchange));
  const headers = [
    ...["Content-Type", file.contentType, "Content-Length", String(body.length)],
    ...(coding === "identity" ? [] : ["Content-Encoding", coding]),
    ...(file.name === null ? [] : ["Content-Disposition", `attachment; filename="${file.name}"`]),
  ];
  send(exchange, 200, [...headers, ...shared], body);
  return 200;
};
