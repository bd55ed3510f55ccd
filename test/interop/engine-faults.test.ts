import { expect, test } from "vitest";
import { runF16 } from "../faults/f16-two-engines.ts";
import { runF17 } from "../faults/f17-zombie-leader.ts";
import { runF40 } from "../faults/f40-retention.ts";
import { newSeed } from "../faults/rig/scenario.ts";

const seed = newSeed();

test("F16, short: of two engines one writes, under a token of its own, and 3 kills of the leader cost less than 10 seconds each", async () => {
  const { faults, figures } = await runF16({ kills: 3, rounds: 0, seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});

test("F17, short: a leader that was stopped for 10 seconds writes nothing when it wakes, and steps down within 2 seconds", async () => {
  const { faults, figures } = await runF17({ stopMs: 10_000 });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});

test("F40, short: days are dropped and minutes rolled up again with the engine killed twice, and what was counted stays", async () => {
  const { faults, figures } = await runF40({ kills: 2, withReading: false, seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});
