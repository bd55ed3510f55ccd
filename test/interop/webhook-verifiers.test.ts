import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLOUD_EVENT_CONTENT_TYPE, cloudEvent } from "#lib/contracts/events.ts";
import { signWebhook } from "#lib/contracts/sign-webhook.ts";
import { verifyStandardWebhook } from "#lib/contracts/verify-webhook.ts";
import { ROOT } from "#test/support/instance.ts";

/** What receivers use to read our deliveries: the printed verifiers as programs, and packages that others wrote. */

const VERIFIERS = join(ROOT, "test", "fixtures", "verifiers");
const isThere = (program: string, args: readonly string[]): boolean => spawnSync(program, [...args]).status === 0;
const hasPython = isThere("python3", ["--version"]);
const hasGo = isThere("go", ["version"]);
const withoutGo = hasGo ? "" : " (skipped: go is not installed)";
const withoutPython = hasPython ? "" : " (skipped: python3 is not installed)";

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes ok!").toString("base64")}`;
const OTHER = `whsec_${Buffer.from("another secret, thirty-two bytes").toString("base64")}`;
const NOW_MS = Date.now();
const NOW = Math.floor(NOW_MS / 1_000);

type Asked = { body: Buffer; headers: Record<string, string>; secrets: string[]; now: number };
const event = cloudEvent(
  {
    id: "evt_019a48f0a1b37c3d8e4f5a6b7c8d9e10",
    type: "alert.firing",
    subject: "shop",
    occurredAtMs: NOW_MS,
    data: { text: "한글 ✓" },
  },
  "https://status.acme.example",
  42n,
);
const body = Buffer.from(JSON.stringify(event));
const signed = (secrets: string[], timestampSeconds = NOW): Record<string, string> => ({
  "content-type": CLOUD_EVENT_CONTENT_TYPE,
  ...signWebhook({ id: event.id, timestampSeconds, body, secrets }),
});
const good = signed([SECRET]);
const changed = (headers: Record<string, string>, changes: Partial<Asked> = {}): Asked => ({
  body,
  secrets: [SECRET],
  now: NOW,
  ...changes,
  headers: { ...good, ...headers },
});

const CASES: readonly Asked[] = [
  changed({}),
  changed(signed([OTHER, SECRET])),
  changed({}, { secrets: [OTHER, SECRET] }),
  changed({}, { secrets: [OTHER] }),
  changed({}, { secrets: [] }),
  changed({}, { secrets: ["whsec_", "nonsense", "whsec_c2hvcnQ=", SECRET] }),
  changed({}, { body: Buffer.concat([body, Buffer.from(" ")]) }),
  changed({}, { now: NOW + 300 }),
  changed({}, { now: NOW + 301 }),
  changed({}, { now: NOW - 300 }),
  changed({}, { now: NOW - 301 }),
  changed({ "webhook-id": "evt_other" }),
  changed({ "webhook-id": "" }),
  changed({ "webhook-timestamp": "" }),
  changed({ "webhook-timestamp": `+${NOW}` }),
  changed({ "webhook-timestamp": `${NOW}x` }),
  changed({ "webhook-timestamp": ` ${NOW}` }),
  changed({ "webhook-timestamp": "１２３" }),
  changed({ "webhook-timestamp": "1_000" }),
  changed({ "webhook-timestamp": "9".repeat(400) }),
  changed({ "webhook-signature": "" }),
  changed({ "webhook-signature": "v1," }),
  changed({ "webhook-signature": `v2,${good["webhook-signature"]?.slice(3)}` }),
  changed({ "webhook-signature": `v1,AAAA ${good["webhook-signature"]}` }),
  changed({ "webhook-signature": `${"v1,AAAA ".repeat(9)}${good["webhook-signature"]}` }),
  changed({ "webhook-signature": `${"v1,AAAA ".repeat(10)}${good["webhook-signature"]}` }),
  changed({ "webhook-signature": `v1,${"é".repeat(20)}` }),
];
const expected = CASES.map(({ headers, secrets, now, body: raw }) =>
  verifyStandardWebhook({ body: raw, headers, secrets, nowMs: now * 1_000 }),
);

const ask = (program: string, args: readonly string[], cwd: string): boolean[] => {
  const input = CASES.map((asked) => JSON.stringify({ ...asked, body: asked.body.toString("base64") })).join("\n");
  const { stdout, stderr, status } = spawnSync(program, [...args], { cwd, input, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim() === "true");
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-verifiers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the printed verifiers", () => {
  test.each([
    { language: "python", file: "verify_webhook.py" },
    { language: "go", file: "verify_webhook.go" },
  ])("are printed in $language as they are tested", async ({ language, file }) => {
    const docs = await readFile(join(ROOT, "docs", "webhooks.md"), "utf8");
    const printed = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(docs)?.[1];
    expect(printed).toBe(await readFile(join(VERIFIERS, file), "utf8"));
  });

  test("the cases hold both answers", () => {
    expect(expected.filter(Boolean).length).toBeGreaterThan(5);
    expect(expected.filter((isValid) => !isValid).length).toBeGreaterThan(15);
  });

  test.runIf(hasPython)(`Python decides every case as ours does${withoutPython}`, () => {
    expect(ask("python3", ["-B", "ask.py"], VERIFIERS)).toEqual(expected);
  });

  test.runIf(hasGo)(
    `Go decides every case as ours does${withoutGo}`,
    async () => {
      await mkdir(join(folder, "webhook"));
      await copyFile(join(VERIFIERS, "verify_webhook.go"), join(folder, "webhook", "webhook.go"));
      await copyFile(join(VERIFIERS, "ask.go.txt"), join(folder, "main.go"));
      await writeFile(join(folder, "go.mod"), "module example.org/receiver\n\ngo 1.21\n");
      expect(ask("go", ["run", "."], folder)).toEqual(expected);
    },
    60_000,
  );
});

describe("packages that others wrote", () => {
  const text = body.toString("utf8");

  test.each([
    { name: "svix", open: (secret: string) => new Svix(secret) },
    { name: "standardwebhooks", open: (secret: string) => new Webhook(secret) },
  ])("$name takes a delivery, also during a rotation, and refuses a changed one", ({ open }) => {
    const both = signed([OTHER, SECRET]);
    for (const [secret, headers] of [
      [SECRET, good],
      [SECRET, both],
      [OTHER, both],
    ] as const)
      expect(() => open(secret).verify(text, headers)).not.toThrow();
    expect(() => open(SECRET).verify(`${text} `, good)).toThrow();
    expect(() => open(OTHER).verify(text, good)).toThrow();
    expect(() => open(SECRET).verify(text, signed([SECRET], NOW - 400))).toThrow();
  });

  test("cloudevents reads the envelope as a valid event with its extensions", () => {
    const read = HTTP.toEvent({ headers: good, body: text });
    if (!(read instanceof CloudEvent)) throw new Error("a single event was sent");
    expect(read.validate()).toBe(true);
    expect(read).toMatchObject({
      id: event.id,
      type: "alert.firing",
      source: "https://status.acme.example",
      subject: "shop",
      specversion: "1.0",
      datacontenttype: "application/json",
      sequence: "00000000000000000042",
      data: { text: "한글 ✓" },
    });
    expect(new Date(read.time as string).getTime()).toBe(NOW_MS);
  });
});
