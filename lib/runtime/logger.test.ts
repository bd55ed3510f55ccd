import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

const capture = (level = "debug") => {
  const destination = new PassThrough();
  const log = createLogger({ service: "nines-test", level, destination });
  const text = (): string => String(destination.read() ?? "");
  const lines = (): Record<string, unknown>[] =>
    text()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, text, lines };
};

test("a line has level as a word, an instant with milliseconds in UTC, service, message and the fields", () => {
  const { log, lines } = capture();
  log.child({ traceId: "0af7651916cd43dd8448eb211c80319c" }).info({ statusCode: 200, durationMs: 1.5 }, "answered");
  const [line] = lines();
  expect(line).toMatchObject({
    level: "info",
    service: "nines-test",
    message: "answered",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    statusCode: 200,
    durationMs: 1.5,
  });
  expect(line?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("lines below the level are not written, and an unknown level counts as info", () => {
  const { log, lines } = capture("loud");
  log.debug({}, "no");
  log.info({}, "yes");
  expect(lines().map((line) => line.message)).toEqual(["yes"]);
});

test("a planted secret reaches the log by no way", () => {
  const { log, text } = capture();
  const canary = "Canary0123456789";
  const cause = new Error(`POST https://user:${canary}@hooks.example/${"x"}?key=${canary} failed`);
  log.child({ headers: { Cookie: canary, "set-cookie": [canary], authorization: `Bearer ${canary}` } }).error(
    {
      url: `https://hooks.example/in?token=${canary}#${canary}`,
      webhookSignature: canary,
      nested: { deep: [{ clientSecret: canary, password: canary, apiKey: canary }] },
      error: new Error(`whsec_${canary}`, { cause }),
      address: new URL(`postgres://nines:${canary}@db.example:5432/nines?sslkey=${canary}`),
    },
    `refused: Authorization: Bearer ${canary} at postgres://a:${canary}@db/x, key nk_live_${canary}`,
  );
  const written = text();
  expect(written).not.toContain(canary);
  expect(written).toContain("hooks.example/in?[redacted]");
  expect(written).toContain("db.example:5432");
});

test("control characters cannot start a line of their own nor steer a terminal", () => {
  const { log, text } = capture();
  log.warn({ detail: "a\nlevel: error\u001b[2J\u009b2J\u2028b" }, "first\r\nsecond");
  const written = text();
  expect(written.trimEnd().split("\n")).toHaveLength(1);
  expect([...written.trimEnd()].filter((char) => char < " " || /[\u007f-\u009f\u2028]/.test(char))).toEqual([]);
});

test("a field cannot replace the line's own names", () => {
  const { log, lines } = capture();
  log.info({ level: "error", message: "forged", service: "other", timestamp: "never" }, "real");
  expect(lines()[0]).toMatchObject({
    level: "info",
    message: "real",
    service: "nines-test",
    "field.message": "forged",
  });
});

test("what JSON cannot hold is written in a form that it can: bigint, error with cause, bytes, a ring", () => {
  const { log, lines } = capture();
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  const error = Object.assign(new Error("outer", { cause: new Error("inner") }), { code: "ECONNREFUSED" });
  log.error({ count: 10n ** 20n, error, bytes: new Uint8Array(3), ring }, "odd");
  expect(lines()[0]).toMatchObject({
    count: "100000000000000000000",
    error: { type: "Error", message: "outer", code: "ECONNREFUSED", cause: { message: "inner" } },
    bytes: "[3 bytes]",
  });
});
