import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { ExternalAlertResource } from "#lib/contracts/external-alerts.ts";
import { fingerprintOf } from "#lib/core/inbound/fingerprint.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const run = promisify(execFile);
const [AMTOOL, ALERTMANAGER, PROMETHEUS] = [
  "/usr/bin/amtool",
  "/usr/bin/prometheus-alertmanager",
  "/usr/bin/prometheus",
];
const missing = [AMTOOL, ALERTMANAGER, PROMETHEUS].filter((program) => !existsSync(program));

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

describe.skipIf(missing.length > 0)(
  `Debian's programs send us alerts${missing.length > 0 ? ` (skipped without ${missing.join(", ")})` : ""}`,
  () => {
    let db: TestDatabase;
    let site: TestSite;
    let folder: string;
    let token: string;
    let httpConfig: string;
    const children: ChildProcess[] = [];

    beforeAll(async () => {
      db = await testDatabase();
      folder = await mkdtemp(join(tmpdir(), "nines-inbound-"));
      const now = systemClock.now();
      token = await db.database.transaction(async (tx) => {
        await applyConfig(tx, { config: sampleConfig(), now, secretBox: createSecretBox(new Uint8Array(32)) });
        const key = { name: "prometheus", scopes: ["alerts:write" as const], expiresAt: null };
        return (await createKey(tx, { ...key, actor: "cli", now, randomBytes })).token;
      });
      site = await startTestSite({ snapshot: null, database: db.database });
      httpConfig = join(folder, "http.yml");
      await writeFile(httpConfig, `authorization: { credentials: ${token} }\n`);
    }, 30_000);
    afterAll(async () => {
      for (const child of children) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      await site.stop();
      await db.drop();
      await rm(folder, { recursive: true, force: true });
    });

    const start = (program: string, args: readonly string[]): void => {
      children.push(spawn(program, [...args, "--log.level=error"], { stdio: "ignore", cwd: folder }));
    };
    const whenReady = (url: string) =>
      waitFor("the program", async () => (await fetch(url)).ok, { deadlineMs: 30_000 });
    const alertsNamed = async (name: string): Promise<ExternalAlertResource[]> => {
      const answer = await fetch(`${site.url}/v1/external-alerts?limit=100`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return ((await answer.json()) as { data: ExternalAlertResource[] }).data.filter((alert) => alert.name === name);
    };
    const amtool = async (...args: string[]): Promise<string> => {
      const flags = [`--alertmanager.url=${site.url}/alertmanager`, `--http.config.file=${httpConfig}`];
      return (await run(AMTOOL, [...flags, ...args])).stdout;
    };

    test("amtool adds an alert, finds it by matchers, sees our status, and ends it", async () => {
      const end = new Date(Date.now() + 600_000).toISOString();
      await amtool(
        "alert",
        "add",
        "ByHand",
        "service=shop",
        "node=a b",
        "--annotation=summary=from a terminal",
        `--end=${end}`,
      );
      expect(await alertsNamed("ByHand")).toEqual([
        expect.objectContaining({
          state: "firing",
          serviceId: "shop",
          labels: { alertname: "ByHand", service: "shop", node: "a b" },
        }),
      ]);
      expect(await amtool("alert", "query", "alertname=ByHand", "node=~a.*")).toContain("from a terminal");
      expect(await amtool("-o", "extended", "alert", "query", "node=other")).not.toContain("ByHand");
      expect(await amtool("-o", "json", "silence", "query")).toContain("[]");
      expect(await amtool("config", "show")).toContain("Nines");
      const now = new Date().toISOString();
      await amtool(
        "alert",
        "add",
        "ByHand",
        "service=shop",
        "node=a b",
        "--start=2026-01-01T00:00:00Z",
        `--end=${now}`,
      );
      expect((await alertsNamed("ByHand")).map(({ state, resolveReason }) => [state, resolveReason])).toEqual([
        ["resolved", "sender"],
      ]);
    });

    test("Prometheus sends what its rules find, until it ends; an Alertmanager sends the same by webhook; all agree on the fingerprint", async () => {
      const [promPort, amPort, meshPort] = [await freePort(), await freePort(), await freePort()];
      const rules = join(folder, "rules.yml");
      const rule = (expression: string) =>
        writeFile(
          rules,
          `groups: [{ name: g, interval: 1s, rules: [{ alert: FromRule, expr: "${expression}", labels: { service: shop, severity: critical }, annotations: { summary: "it is so" } }] }]\n`,
        );
      await rule("vector(1)");
      const hook = `${site.url}/hooks/alertmanager`;
      await writeFile(
        join(folder, "alertmanager.yml"),
        `route: { receiver: nines, group_by: [alertname], group_wait: 1s, group_interval: 1s }
receivers: [{ name: nines, webhook_configs: [{ url: "${hook}", send_resolved: true, http_config: { authorization: { credentials: ${token} } } }] }]\n`,
      );
      await writeFile(
        join(folder, "prometheus.yml"),
        `global: { evaluation_interval: 1s }
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - path_prefix: /alertmanager
      authorization: { credentials: ${token} }
      static_configs: [{ targets: ["${new URL(site.url).host}"] }]\n`,
      );
      start(ALERTMANAGER, [
        "--config.file=alertmanager.yml",
        `--storage.path=${join(folder, "am")}`,
        `--web.listen-address=127.0.0.1:${amPort}`,
        `--cluster.listen-address=127.0.0.1:${meshPort}`,
      ]);
      start(PROMETHEUS, [
        "--config.file=prometheus.yml",
        `--storage.tsdb.path=${join(folder, "tsdb")}`,
        `--web.listen-address=127.0.0.1:${promPort}`,
        "--web.enable-lifecycle",
        "--rules.alert.resend-delay=1s",
      ]);
      await Promise.all([
        whenReady(`http://127.0.0.1:${promPort}/-/ready`),
        whenReady(`http://127.0.0.1:${amPort}/-/ready`),
      ]);

      const [fired] = await waitFor(
        "the alert of the rule",
        async () => {
          const found = await alertsNamed("FromRule");
          return found.length > 0 ? found : null;
        },
        { deadlineMs: 30_000, everyMs: 200 },
      );
      expect(fired).toMatchObject({
        state: "firing",
        source: "api",
        severity: "page",
        serviceId: "shop",
        annotations: { summary: "it is so" },
      });
      await rule("vector(1) > 2");
      await fetch(`http://127.0.0.1:${promPort}/-/reload`, { method: "POST" });
      await waitFor("the end of the alert", async () => (await alertsNamed("FromRule"))[0]?.state === "resolved", {
        deadlineMs: 30_000,
        everyMs: 200,
      });
      expect(await alertsNamed("FromRule")).toHaveLength(1);

      const alertmanagerUrl = `--alertmanager.url=http://127.0.0.1:${amPort}`;
      await run(AMTOOL, [alertmanagerUrl, "alert", "add", "Forwarded", "node=a"]);
      const [forwarded] = await waitFor(
        "the webhook",
        async () => {
          const found = await alertsNamed("Forwarded");
          return found.length > 0 ? found : null;
        },
        { deadlineMs: 30_000, everyMs: 200 },
      );
      const labels = { alertname: "Forwarded", node: "a" };
      const theirs = (await (await fetch(`http://127.0.0.1:${amPort}/api/v2/alerts`)).json()) as {
        fingerprint: string;
      }[];
      expect([forwarded?.source, forwarded?.fingerprint, fingerprintOf(labels)]).toEqual([
        "webhook",
        theirs[0]?.fingerprint,
        theirs[0]?.fingerprint,
      ]);
      await run(AMTOOL, [
        alertmanagerUrl,
        "alert",
        "add",
        "Forwarded",
        "node=a",
        `--end=${new Date(Date.now() + 500).toISOString()}`,
      ]);
      await waitFor("the end by webhook", async () => (await alertsNamed("Forwarded"))[0]?.state === "resolved", {
        deadlineMs: 30_000,
        everyMs: 200,
      });
      expect(await alertsNamed("Forwarded")).toHaveLength(1);
    }, 90_000);
  },
);
