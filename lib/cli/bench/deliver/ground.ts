import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Database } from "#db/database.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import { AppError } from "#lib/core/errors.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { Receipt } from "./receiver.ts";

export type BenchReceiver = {
  readonly url: string;
  /** What came since the last call. */
  readonly take: () => Promise<readonly Receipt[]>;
  readonly stop: () => void;
};

/** Starts the receiver's process. */
export const startReceiver = (): Promise<BenchReceiver> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./receiver.ts", import.meta.url)), [], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.once("exit", () => reject(new AppError("ROLE_CRASHED", "the receiver of the bench ended")));
    child.once("message", (first: { port: number }) =>
      resolve({
        url: `http://127.0.0.1:${first.port}/hook`,
        take: () =>
          new Promise((told) => {
            child.once("message", (answer: { receipts: Receipt[] }) => told(answer.receipts));
            child.send("tell");
          }),
        stop: () => child.kill(),
      }),
    );
  });

const configText = (url: string): string => `version: 1
egress: { allow: [127.0.0.1/32] }
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: "https://bench.example.com/", interval: 30s, locations: [fra] }]
notifications:
  - { id: healthy, type: webhook, url: "${url}", secret: env:BENCH_SECRET, events: [incident.opened] }
  - { id: slow, type: webhook, url: "http://127.0.0.1:9/", secret: env:BENCH_SECRET, events: [incident.resolved] }
`;

/** Puts an endpoint at the receiver in force, and one that gets the old rows. Returns what opens their secrets. */
export const applyEndpoints = async (database: Database, url: string): Promise<SecretBox> => {
  const env = { BENCH_SECRET: `whsec_${randomBytes(32).toString("base64")}` };
  const loaded = loadConfig({ bytes: Buffer.from(configText(url)), env, judgeUrl });
  if (!loaded.ok)
    throw new AppError("INTERNAL", `the bench's configuration is wrong: ${loaded.errors[0]?.message ?? ""}`);
  const secretBox = createSecretBox(randomBytes(32));
  await database.transaction((tx) => applyConfig(tx, { config: loaded.config, now: systemClock.now(), secretBox }), {
    deadlineMs: 30_000,
  });
  return secretBox;
};
