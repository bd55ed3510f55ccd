import { expect, test } from "vitest";
import { runF18 } from "../faults/f18-location-cut-off.ts";
import { runF19 } from "../faults/f19-one-location-wrong.ts";
import { runF35 } from "../faults/f35-ingest-abuse.ts";
import { whyNoNamespaces } from "../faults/rig/network.ts";

const reason = await whyNoNamespaces();
const why = reason === null ? "" : ` (skipped: ${reason})`;

test("F35: an agent that sends duplicates, disorder, the past and the future changes nothing that is true", {
  timeout: 180_000,
}, async () => {
  expect((await runF35()).faults).toEqual([]);
});

test.skipIf(reason !== null)(
  `F19, short: a location whose network is broken makes no outage, and on-call is told${why}`,
  {
    timeout: 300_000,
  },
  async () => {
    expect((await runF19({ brokenMs: 10_000 })).faults).toEqual([]);
  },
);

test.skipIf(reason !== null)(
  `F18, short: a location that is cut off is named, and its runs land late in their own minutes${why}`,
  {
    timeout: 400_000,
  },
  async () => {
    expect((await runF18({ cutMs: 80_000 })).faults).toEqual([]);
  },
);
