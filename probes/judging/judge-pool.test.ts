import { afterEach, expect, test } from "vitest";
import type { Assertion } from "#lib/core/definitions.ts";
import { durationUs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { JudgeJob } from "./judge.ts";
import { isCostly, judgeHere } from "./judge.ts";
import type { JudgePool } from "./judge-pool.ts";
import { createJudgePool } from "./judge-pool.ts";

const ITEMS = Array.from({ length: 2_000 }, (_, id) => ({ id, name: `item ${id} ${"é".repeat(40)}` }));
const LARGE = new TextEncoder().encode(JSON.stringify({ status: "ok", items: ITEMS }));
const PATH: Assertion = { type: "json_path", path: "$.items[?@.id>1990].name", op: "contains", value: "item" };

const jobOf = (assertions: readonly Assertion[], changes: Partial<JudgeJob> = {}): JudgeJob => ({
  assertions,
  status: 200,
  headers: [["content-type", "application/json"]],
  body: LARGE.slice(),
  durationUs: durationUs(1_000),
  certificateDaysLeft: 12,
  ...changes,
});
const never = new AbortController().signal;

let pool: JudgePool | null = null;
afterEach(() => pool?.stop());
const open = (changes: Partial<Parameters<typeof createJudgePool>[0]> = {}): JudgePool => {
  pool = createJudgePool({ clock: systemClock, log: silentLogger, ...changes });
  return pool;
};

test.each<[string, readonly Assertion[], Partial<JudgeJob>]>([
  ["all holds", [PATH, { type: "status", op: "eq", value: "2xx" }], {}],
  ["a body that does not match", [{ type: "body", op: "matches", value: "^nothing of it$" }, PATH], {}],
  ["several that do not hold", [PATH, { type: "certificate", op: "ge", value: 30 }], { status: 503 }],
  ["no JSON at all", [PATH], { body: Buffer.alloc(40_000, "x") }],
  [
    "another charset",
    [{ type: "body", op: "contains", value: "é" }],
    { headers: [["content-type", "text/plain; charset=latin1"]], body: Buffer.alloc(40_000, 0xe9) },
  ],
  ["a pattern that is not valid", [{ type: "body", op: "matches", value: "(" }], {}],
])("a large answer is judged in a thread as it would be here: %s", async (_what, assertions, changes) => {
  const job = jobOf(assertions, changes);
  expect(isCostly(job)).toBe(true);
  const before = Buffer.from(job.body);
  expect(await open().judge(job, never)).toEqual(judgeHere(job));
  expect(Buffer.from(job.body).equals(before)).toBe(true);
});

test("many at once are all judged, each by its own answer, whatever number of threads there is", async () => {
  const { judge } = open({ threads: 2 });
  const jobs = Array.from({ length: 30 }, (_, index) =>
    jobOf([PATH, { type: "status", op: "eq", value: 200 + (index % 2) }]),
  );
  const judged = await Promise.all(jobs.map((job) => judge(job, never)));
  expect(judged.map((one) => one.class)).toEqual(jobs.map((_, index) => (index % 2 === 0 ? "ok" : "bad_status")));
});

test("a shutdown ends the wait for a judgement and leaves the others alone", async () => {
  const { judge } = open();
  const ending = new AbortController();
  const others = [judge(jobOf([PATH]), never), judge(jobOf([PATH]), never)];
  const waiting = [judge(jobOf([PATH]), ending.signal), judge(jobOf([PATH]), ending.signal)];
  ending.abort(new Error("shutdown"));
  for (const one of await Promise.allSettled(waiting)) expect(one.status).toBe("rejected");
  await expect(judge(jobOf([PATH]), ending.signal)).rejects.toThrow("shutdown");
  for (const one of await Promise.all(others)) expect(one.class).toBe("ok");
});

test("a thread that takes too long is replaced: its answer is not judged, the next ones are", async () => {
  let sleeps = 0;
  const clock = {
    // The first limit is over at once, the others hold.
    sleep: (ms: number, signal: AbortSignal) => (sleeps++ === 0 ? Promise.resolve() : systemClock.sleep(ms, signal)),
  };
  const { judge } = open({ clock });
  const first = judge(jobOf([PATH]), never);
  const second = judge(jobOf([PATH]), never);
  await expect(first).rejects.toThrow("judging took over");
  expect((await second).class).toBe("ok");
});

test("after a stop nothing waits any more, and what still comes is judged here", async () => {
  const { judge, stop } = open();
  const pending = [judge(jobOf([PATH]), never), judge(jobOf([PATH]), never)].map((one) =>
    expect(one).rejects.toThrow("stopped"),
  );
  await Promise.all([stop(), stop(), ...pending]);
  expect((await judge(jobOf([PATH]), never)).class).toBe("ok");
});
