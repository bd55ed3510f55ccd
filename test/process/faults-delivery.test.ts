import { expect, test } from "vitest";
import { runF04 } from "../faults/f04-dispatcher-killed.ts";
import { newSeed } from "../faults/rig/scenario.ts";

test("F04, short: a dispatcher killed 4 times between the receiver's 200 and the commit loses nothing and repeats at most one event a kill", async () => {
  const { faults, figures } = await runF04({ kills: 4, seed: newSeed() });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});
