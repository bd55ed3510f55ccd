import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, temporaryFolder } from "#test/support/instance.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const PROGRAM = "/usr/sbin/nginx";
const isMissing = !existsSync(PROGRAM);
const why = isMissing ? " (skipped: nginx is not installed)" : "";
const TLS = join(ROOT, "test", "fixtures", "tls");

const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

describe.skipIf(isMissing)(`the nginx sample in front of the web role${why}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let site: TestSite;
  let nginx: ChildProcess;
  let port = 0;

  const get = (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> =>
    new Promise((resolve, reject) => {
      const call = request(
        // Whom the certificate names is the subject of other tests; here the name of the sample's server is asked for.
        {
          host: "127.0.0.1",
          port,
          path,
          rejectUnauthorized: false,
          headers: { host: "status.example.com", ...headers },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (chunk: string) => {
            text += chunk;
          });
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        },
      );
      call.on("error", reject);
      call.end();
    });

  beforeAll(async () => {
    site = await startTestSite({ snapshot: calmDay() });
    folder = await temporaryFolder("nginx");
    port = await freePort();
    await mkdir(join(folder.path, "certs"));
    await mkdir(join(folder.path, "cache"));
    await chmod(join(folder.path, "cache"), 0o777);
    await copyFile(join(TLS, "good.pem"), join(folder.path, "certs", "status.pem"));
    await copyFile(join(TLS, "good.key.pem"), join(folder.path, "certs", "status.key.pem"));
    // The file as shipped; only the ports are this test's own.
    const shipped = await readFile(join(ROOT, "docs", "deploy", "nginx.conf"), "utf8");
    const plainPort = await freePort();
    const config = shipped
      .replace("listen 80;", `listen 127.0.0.1:${plainPort};`)
      .replace("listen 443 ssl http2;", `listen 127.0.0.1:${port} ssl http2;`)
      .replace("server 127.0.0.1:3000;", `server 127.0.0.1:${new URL(site.url).port};`);
    await writeFile(join(folder.path, "nginx.conf"), config);
    const args = ["-p", folder.path, "-c", "nginx.conf"];
    execFileSync(PROGRAM, [...args, "-t"], { stdio: "pipe" });
    nginx = spawn(PROGRAM, [...args, "-g", "daemon off;"], { stdio: ["ignore", "ignore", "pipe"] });
    await waitFor("nginx and the page behind it", async () => (await get("/").catch(() => null))?.status === 200);
  });

  afterAll(async () => {
    if (nginx.exitCode === null) {
      nginx.kill("SIGTERM");
      await once(nginx, "exit");
    }
    await site.stop();
    await folder.remove();
  });

  test("the page comes over TLS and from the cache the second time, by language", async () => {
    const [english, again, korean] = [
      await get("/", { "accept-language": "en" }),
      await get("/", { "accept-language": "en" }),
      await get("/", { "accept-language": "ko" }),
    ];
    expect([english.status, again.status, korean.status]).toEqual([200, 200, 200]);
    expect(again.headers["x-cache"]).toBe("HIT");
    expect(english.headers["strict-transport-security"]).toContain("max-age=");
    expect(korean.headers["content-language"]).toBe("ko");
    expect(again.headers["content-language"]).toBe("en");
  });

  test("metrics, health and the prober are for inside only; a request id is passed through", async () => {
    for (const path of ["/metrics", "/health/ready", "/health/live", "/probe?target=x"])
      expect((await get(path)).status, path).toBe(404);
    const answer = await get("/v1/services", { "x-request-id": "customer-4711-abc" });
    expect(answer.headers["x-request-id"]).toBe("customer-4711-abc");
  });

  test("what needs a key is never kept by the cache", async () => {
    for (const path of ["/v1/services", "/admin/slos"]) expect((await get(path)).headers["x-cache"]).toBeUndefined();
  });

  test("the page stays up when everything behind nginx is gone", async () => {
    await get("/", { "accept-language": "en" });
    await site.stop();
    const answer = await get("/", { "accept-language": "en" });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("<h1>");
  });
});
