import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import { tellAlert } from "#test/db/channel-world.ts";
import type { DeliverWorld } from "#test/db/deliver-world.ts";
import { deliverWorld, START } from "#test/db/deliver-world.ts";
import { temporaryFolder } from "#test/support/instance.ts";
import { waitFor } from "#test/support/wait-for.ts";

const PROGRAM = "/usr/bin/prometheus-alertmanager";
const AMTOOL = "/usr/bin/amtool";
const isMissing = !existsSync(PROGRAM) || !existsSync(AMTOOL);
const why = isMissing ? " (skipped: prometheus-alertmanager is not installed)" : "";

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

type Seen = {
  readonly labels: Record<string, string>;
  readonly status: { readonly state: string };
  readonly endsAt: string;
};

describe.skipIf(isMissing)(`alerts that Alertmanager is told of${why}`, () => {
  let url = "";
  let world: DeliverWorld;
  let stop: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    const { path: folder, remove } = await temporaryFolder("alertmanager");
    const config = join(folder, "alertmanager.yml");
    await writeFile(config, "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const args = [`--config.file=${config}`, `--storage.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`];
    const program = spawn(PROGRAM, [...args, "--cluster.listen-address="], { stdio: "ignore" });
    stop = async () => {
      program.kill("SIGTERM");
      if (program.exitCode === null) await once(program, "exit");
      await remove();
    };
    const isReady = () =>
      fetch(`${url}/-/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    await waitFor("Alertmanager is ready", isReady, { deadlineMs: 20_000 });
    world = await deliverWorld([
      { id: "am", type: "alertmanager", url, secret: "", events: ["*"], timeoutMs: durationMs(5_000) },
    ]);
    world.clock.jump(Date.now() - START);
  }, 40_000);
  afterAll(async () => {
    await stop();
    await world.drop();
  });

  const alerts = async (): Promise<Seen[]> => (await (await fetch(`${url}/api/v2/alerts`)).json()) as Seen[];

  test("fire there while they fire here, are one however often they are told, and end when they end", async () => {
    const firedAt = new Date(world.clock.now() - MINUTE_MS).toISOString();
    await tellAlert(world, "firing", { firedAt });
    await tellAlert(world, "firing", { firedAt, id: "alt_2", severity: "ticket" });
    await world.deliverAll();
    await world.clock.advance(1_000);
    await world.deliverAll();
    const firing = await alerts();
    const told = firing.map(({ labels }) => `${labels.nines_id} ${labels.severity}`);
    expect(told.sort()).toEqual([`${ALERT_EXAMPLE.id} critical`, "alt_2 warning"]);
    expect(firing.every(({ status, endsAt }) => status.state !== "suppressed" && Date.parse(endsAt) > Date.now())).toBe(
      true,
    );
    const listed = spawnSync(AMTOOL, [`--alertmanager.url=${url}`, "alert", "query", "service=shop"], {
      encoding: "utf8",
    });
    expect(listed.stdout.match(/NinesAlert/g)).toHaveLength(2);

    await tellAlert(world, "resolved", { firedAt, resolvedAt: new Date(world.clock.now()).toISOString() });
    await world.deliverAll();
    await waitFor("the alert is over there", async () => (await alerts()).length === 1);
    expect((await alerts()).map(({ labels }) => labels.nines_id)).toEqual(["alt_2"]);
    expect((await world.deliveries()).every(({ state }) => state === "delivered")).toBe(true);
  });
});
