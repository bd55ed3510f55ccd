import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBlackboxRunner } from "#lib/cli/blackbox/run-blackbox.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { ROOT, temporaryFolder } from "#test/support/instance.ts";
import { sampleConfig, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const PROGRAM = "/usr/bin/prometheus-blackbox-exporter";
const isMissing = !existsSync(PROGRAM);
const why = isMissing ? " (skipped: prometheus-blackbox-exporter is not installed)" : "";
const TLS = join(ROOT, "test", "fixtures", "tls");

type Series = { readonly type: string; readonly hasHelp: boolean; readonly labels: readonly string[] };
/** Names with their type and label sets, whatever the values are. */
const shapeOf = (text: string): Record<string, Series> => {
  const shape: Record<string, { type: string; hasHelp: boolean; labels: string[] }> = {};
  const at = (name: string) => (shape[name] ??= { type: "", hasHelp: false, labels: [] });
  for (const line of text.split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "HELP") at(name).hasHelp = rest !== "";
    if (kind === "TYPE") at(name).type = rest;
    const [, series = "", labels = ""] = /^([a-z_]+)(\{.*\})? [-+0-9.eNaInf]+$/.exec(line) ?? [];
    if (series !== "") at(series).labels.push(labels);
  }
  for (const one of Object.values(shape)) one.labels.sort();
  return shape;
};
const valueOf = (text: string, series: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.split(" ")[1],
  );

const listen = async (server: Server): Promise<number> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
};

describe.skipIf(isMissing)(`/probe beside Debian's blackbox_exporter${why}`, () => {
  const servers: Server[] = [];
  const ports = { plain: 0, secure: 0, closed: 0 };
  let exporter: ChildProcess;
  let exporterUrl = "";
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let db: TestDatabase;
  let site: TestSite;

  beforeAll(async () => {
    const plain = createServer((req, res) => {
      if (req.url === "/moved") return void res.writeHead(302, { location: "/" }).end();
      if (req.url === "/broken") return void res.writeHead(500).end("no");
      if (req.url === "/chunked") return void (res.write("hel"), res.end("lo"));
      res.setHeader("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT");
      res.end("hello");
    });
    const [cert, key, caPem] = await Promise.all(
      ["good.pem", "good.key.pem", "ca.pem"].map((name) => readFile(join(TLS, name), "utf8")),
    );
    const secure = createSecureServer({ cert, key }, (_req, res) => res.end("hello"));
    servers.push(plain, secure);
    Object.assign(ports, { plain: await listen(plain), secure: await listen(secure), closed: await freePort() });
    folder = await temporaryFolder("blackbox");
    const file = join(folder.path, "blackbox.yml");
    const trust = `tls_config: { ca_file: "${join(TLS, "ca.pem")}" }`;
    const modules = [
      `http_2xx: { prober: http, http: { enable_http2: false, preferred_ip_protocol: ip4, ${trust} } }`,
      "tcp_connect: { prober: tcp, tcp: { preferred_ip_protocol: ip4 } }",
      `tls_connect: { prober: tcp, tcp: { preferred_ip_protocol: ip4, tls: true, ${trust} } }`,
      "dns: { prober: dns, dns: { query_name: example.com, preferred_ip_protocol: ip4 } }",
    ];
    await writeFile(file, `modules:\n${modules.map((line) => `  ${line}\n`).join("")}`);
    const port = await freePort();
    exporterUrl = `http://127.0.0.1:${port}`;
    exporter = spawn(PROGRAM, [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`], { stdio: "ignore" });
    await waitFor("the exporter", async () => (await fetch(`${exporterUrl}/-/healthy`)).ok);
    db = await testDatabase();
    const config = sampleConfig({
      egress: { allow: ["127.0.0.1/32"] },
      services: [sampleService({ probes: [sampleProbe({ url: `http://127.0.0.1:${ports.plain}/` })], slos: [] })],
    });
    const secretBox = createSecretBox(randomBytes(32));
    await db.database.transaction((tx) => applyConfig(tx, { config, now: systemClock.now(), secretBox }));
    const runBlackbox = createBlackboxRunner({
      clock: systemClock,
      randomBytes,
      userAgent: "test",
      caPem: caPem ?? null,
    });
    site = await startTestSite({ database: db.database, runBlackbox });
  });
  afterAll(async () => {
    exporter?.kill("SIGKILL");
    for (const server of servers) server.close();
    await site?.stop();
    await db?.drop();
    await folder?.remove();
  });

  const ask = async (base: string, query: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${base}/probe?${new URLSearchParams(query)}`, { headers });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };
  const both = async (module: string, target: string) => {
    const [theirs, ours] = [await ask(exporterUrl, { module, target }), await ask(site.url, { module, target })];
    expect([ours.status, ours.type]).toEqual([theirs.status, theirs.type]);
    return { theirs: theirs.text, ours: ours.text };
  };
  const SAME_VALUES = [
    ...["probe_success", "probe_ip_protocol", "probe_ip_addr_hash", "probe_http_status_code", "probe_http_redirects"],
    ...["probe_http_content_length", "probe_http_uncompressed_body_length", "probe_http_version", "probe_http_ssl"],
    "probe_http_last_modified_timestamp_seconds",
  ];

  test.each(["/", "/moved", "/broken", "/chunked"])(
    "http_2xx of %s has their names, labels, types and values",
    async (path) => {
      const { theirs, ours } = await both("http_2xx", `http://127.0.0.1:${ports.plain}${path}`);
      expect(shapeOf(ours)).toEqual(shapeOf(theirs));
      for (const series of SAME_VALUES)
        expect([series, valueOf(ours, series)]).toEqual([series, valueOf(theirs, series)]);
    },
  );

  test("http_2xx without a scheme, and of a port that refuses", async () => {
    for (const target of [`127.0.0.1:${ports.plain}`, `http://127.0.0.1:${ports.closed}/`]) {
      const { theirs, ours } = await both("http_2xx", target);
      expect(shapeOf(ours)).toEqual(shapeOf(theirs));
      for (const series of SAME_VALUES)
        expect([series, valueOf(ours, series)]).toEqual([series, valueOf(theirs, series)]);
    }
  });

  test("tcp_connect has their names, labels, types and values, whether the port answers or not", async () => {
    for (const port of [ports.plain, ports.closed]) {
      const { theirs, ours } = await both("tcp_connect", `127.0.0.1:${port}`);
      expect(shapeOf(ours)).toEqual(shapeOf(theirs));
      for (const series of ["probe_success", "probe_ip_protocol", "probe_ip_addr_hash"])
        expect(valueOf(ours, series)).toBe(valueOf(theirs, series));
    }
  });

  test("over TLS the certificate is told with the same labels; the cipher is one series more", async () => {
    for (const [module, target] of [
      ["http_2xx", `https://localhost:${ports.secure}/`],
      ["tls_connect", `localhost:${ports.secure}`],
    ] as const) {
      const { theirs, ours } = await both(module, target);
      const { probe_tls_cipher_info: cipher, ...rest } = shapeOf(ours);
      expect(cipher?.labels).toHaveLength(1);
      expect(rest).toEqual(shapeOf(theirs));
      for (const series of ["probe_success", "probe_ssl_earliest_cert_expiry"])
        expect([series, valueOf(ours, series)]).toEqual([series, valueOf(theirs, series)]);
    }
  });

  test("dns has their names and labels when nobody answers", async () => {
    const { theirs, ours } = await both("dns", `127.0.0.1:${ports.closed}`);
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
  });

  test("the faults of the caller are told alike, and forbidden targets are refused before anything is sent", async () => {
    const target = `http://127.0.0.1:${ports.plain}/`;
    const wrong: readonly Record<string, string>[] = [{ module: "http_2xx" }, { module: "nope", target }];
    for (const given of wrong) {
      const [theirs, ours] = [await ask(exporterUrl, given), await ask(site.url, given)];
      expect([ours.status, ours.text]).toEqual([theirs.status, theirs.text.trim()]);
    }
    expect((await ask(site.url, { target: "http://169.254.169.254/" })).status).toBe(403);
    expect((await ask(site.url, { target }, { "x-forwarded-for": "8.8.8.8" })).status).toBe(200);
    expect((await ask(site.url, { target: `${target}other` }, { "x-forwarded-for": "8.8.8.8" })).status).toBe(403);
    const debug = await ask(site.url, { target, debug: "true" });
    expect(debug.text).toContain("outcome status 200");
  });
});
