// eslint-disable-next-line no-restricted-imports -- it asks our own child on loopback; nothing leaves this machine.
import { request } from "node:http";

export type RawAnswer = {
  readonly path: string;
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
};

const OWN = new Set(["connection", "keep-alive", "date"]);

/** One answer as it stands on the wire: no decoding. Headers as flat pairs, without those that each server sets itself. */
export const fetchOnce = ({
  port,
  path,
  headers,
}: {
  port: number;
  path: string;
  headers: readonly string[];
}): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const pairs = headers.map((line) => line.split(": ", 2) as [string, string]);
    const req = request({ host: "127.0.0.1", port, path, headers: Object.fromEntries(pairs) }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const kept: string[] = [];
        for (let i = 0; i < res.rawHeaders.length; i += 2) {
          const name = res.rawHeaders[i] as string;
          if (!OWN.has(name.toLowerCase())) kept.push(name, res.rawHeaders[i + 1] as string);
        }
        resolve({ path, status: res.statusCode ?? 0, headers: kept, body: Buffer.concat(chunks) });
      });
    });
    req.on("error", reject);
    req.end();
  });
