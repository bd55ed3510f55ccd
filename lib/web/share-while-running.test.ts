import { expect, test } from "vitest";
import { shareWhileRunning } from "./share-while-running.ts";

test("callers share the work that runs, and a later one starts it again, also after a failure", async () => {
  const runs: PromiseWithResolvers<number>[] = [];
  const shared = shareWhileRunning(() => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  });
  const both = [shared(), shared()];
  runs[0]?.resolve(1);
  expect(await Promise.all(both)).toEqual([1, 1]);
  expect(runs).toHaveLength(1);

  const failing = [shared(), shared()];
  runs[1]?.reject(new Error("gone"));
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const last = shared();
  runs[2]?.resolve(3);
  expect(await last).toBe(3);
});
