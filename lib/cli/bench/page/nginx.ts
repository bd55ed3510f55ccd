import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fetchOnce } from "../fetch-once.ts";
import type { BenchServer } from "./children.ts";
import type { OtherResult } from "./others.ts";
import { compare } from "./others.ts";
import type { PlainAnswer } from "./server.ts";

const NAME = "nginx serving the same bytes as a file";
const TRIES = 50;
const TRY_EVERY_MS = 100;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

const configOf = (folder: string, port: number): string => `
worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off; keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port}; root ${folder};
    location = /page { default_type "text/html; charset=utf-8"; add_header Content-Encoding gzip; }
  }
}
`;

const isUp = async (port: number): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await fetchOnce({ port, path: "/page", headers: [] }).catch(() => null);
    if (answer?.status === 200) return true;
    await sleep(TRY_EVERY_MS);
  }
  return false;
};

/** The compressed page as a file of nginx, one worker. */
export const benchNginx = async (args: {
  readonly dataDir: string;
  readonly page: PlainAnswer;
  readonly ours: BenchServer;
  readonly headers: readonly string[];
  readonly rounds: number;
  readonly requests: number;
}): Promise<OtherResult> => {
  const { dataDir, page, ours, headers, rounds, requests } = args;
  if (spawnSync("nginx", ["-v"]).error !== undefined) return { name: NAME, missing: "nginx is not installed" };
  const folder = join(dataDir, "nginx");
  await mkdir(folder, { mode: 0o755 });
  await chmod(dataDir, 0o755);
  const port = await freePort();
  await writeFile(join(folder, "page"), Buffer.from(page.bodyBase64, "base64"), { mode: 0o644 });
  await writeFile(join(folder, "nginx.conf"), configOf(folder, port));
  const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  try {
    if (!(await isUp(port))) return { name: NAME, missing: "nginx did not answer" };
    return await compare({
      name: NAME,
      ours: { port: ours.port, path: "/", requests },
      other: { port, path: "/page", requests },
      headers,
      rounds,
    });
  } finally {
    child.kill("SIGTERM");
  }
};
