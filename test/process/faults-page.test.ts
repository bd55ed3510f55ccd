import { describe, expect, test } from "vitest";
import { runF03 } from "../faults/f03-web-killed.ts";
import { runF12 } from "../faults/f12-postgres-absent.ts";
import { runF26 } from "../faults/f26-page-without-database.ts";
import { runF27 } from "../faults/f27-stampede.ts";
import { runF28 } from "../faults/f28-slow-readers.ts";
import { runFreshness } from "../faults/freshness.ts";

// Short forms; `npm run faults` runs them in full.
const LIMIT_MS = 120_000;

describe("the public page under fault", () => {
  test(
    "answers everything, about as fast as a plain server, while Postgres is stopped",
    async () => {
      expect((await runF26({ loadMs: 500, requests: 2_000 })).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "is rendered once for a crowd that comes to a cold cache",
    async () => {
      expect((await runF27({ visitors: 200 })).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "is quick while slow clients sit on the server, which are cut within 10 s",
    async () => {
      expect((await runF28({ slow: 50, perSecond: 100, loadMs: 11_500 })).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "is served from the disk, or says that it starts, before Postgres is there",
    async () => {
      expect((await runF12({ absentMs: 1_000 })).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "is back after a kill of the web role, and every incident was opened once",
    async () => {
      expect((await runF03({ kills: 1, seed: 3 })).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "tells of a failed run, as do the API and the stream, within three intervals and 5 s",
    async () => {
      expect((await runFreshness({ failures: 2 })).faults).toEqual([]);
    },
    LIMIT_MS,
  );
});
