import { expect, test } from "vitest";
import { runF41 } from "../faults/f41-subscribers.ts";
import { newSeed } from "../faults/rig/scenario.ts";

test("F41, short: a sender killed in the middle of 150 subscribers of an incident tells each of them, under one id", async () => {
  const { faults, figures } = await runF41({ subscribers: 150, kills: 1, seed: newSeed() });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});
