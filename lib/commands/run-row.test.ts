import fc from "fast-check";
import { expect, test } from "vitest";
import type { Run } from "#lib/core/outcome.ts";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import { durationUs, epochMs } from "#lib/core/units.ts";
import { runRowOf, storableText } from "./run-row.ts";

const INT4 = 2 ** 31 - 1;

test("a text that is stored has no NUL, no half character and no excess", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => {
      const stored = storableText(text);
      expect(stored.length).toBeLessThanOrEqual(1_000);
      expect(stored).not.toContain("\u0000");
      expect(stored).toBe(Buffer.from(stored, "utf8").toString("utf8"));
    }),
  );
  expect(storableText("a\u0000b\ud800c")).toBe("ab\ufffdc");
});

test("whatever a run claims, its row fits the columns", () => {
  const anyNumber = fc.double({ noNaN: true });
  const phase = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }).map(durationUs));
  fc.assert(
    fc.property(
      fc.record({
        startedAt: anyNumber,
        bytes: anyNumber,
        status: fc.option(fc.integer()),
        expires: fc.option(anyNumber),
      }),
      fc.record({ dns: phase, connect: phase, tls: phase, firstByte: phase, transfer: phase }),
      fc.string(),
      ({ startedAt, bytes, status, expires }, phasesUs, text) => {
        const run = {
          probeId: "p",
          locationId: "l",
          scheduledAt: epochMs(1_700_000_000_000),
          startedAt: startedAt as Run["startedAt"],
          traceId: text,
          outcome: {
            class: "bad_status",
            detail: text,
            durationUs: durationUs(1e15),
            phasesUs,
            httpStatus: status,
            bytesRead: bytes,
            address: text,
            certificateExpiresAt: expires as Run["startedAt"] | null,
            failures: [{ assertion: text, expected: text, seen: text }],
          },
        } satisfies Run;
        const row = runRowOf(run, { probeNo: 1, locationNo: 1 });
        for (const value of [row.durationUs, row.bytesRead, row.dnsUs ?? 0, row.transferUs ?? 0]) {
          expect(Number.isInteger(value) && value >= 0 && value <= INT4).toBe(true);
        }
        expect(row.httpStatus === null || (row.httpStatus >= 0 && row.httpStatus <= 999)).toBe(true);
        expect(new Date(row.startedAt ?? row.scheduledAt).toISOString()).toMatch(/^\d{4}-/);
        // One of the two says when it started, and the delay is one that two bytes hold.
        expect(row.startedAt === null).toBe(row.startDelayMs !== null);
        expect(row.startDelayMs ?? 0).toBeGreaterThanOrEqual(0);
        expect(row.startDelayMs ?? 0).toBeLessThanOrEqual(2 ** 15 - 1);
        expect(new Date(row.certificateExpiresAt ?? 0).toISOString()).toMatch(/^\d{4}-/);
      },
    ),
  );
});

test("an address loses its zone, and what is no address is left out", () => {
  const rowWith = (address: string | null) =>
    runRowOf(
      {
        probeId: "p",
        locationId: "l",
        scheduledAt: epochMs(0),
        startedAt: epochMs(0),
        traceId: null,
        outcome: {
          class: OUTCOME_CLASSES[0],
          detail: null,
          durationUs: durationUs(1),
          phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
          httpStatus: null,
          bytesRead: 0,
          address,
          certificateExpiresAt: null,
          failures: [],
        },
      },
      { probeNo: 1, locationNo: 1 },
    ).address;
  expect(rowWith("fe80::1%eth0")).toBe("fe80::1");
  expect(rowWith("192.0.2.1")).toBe("192.0.2.1");
  expect(rowWith("example.com")).toBeNull();
  expect(rowWith(null)).toBeNull();
});
