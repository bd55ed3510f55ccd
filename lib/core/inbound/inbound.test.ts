import { expect, test } from "vitest";
import { addMs, DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from "../units.ts";
import type { KnownEpisode, SentAlert } from "./decide.ts";
import { decideInbound } from "./decide.ts";
import { fingerprintOf } from "./fingerprint.ts";

const now = epochMs(Date.UTC(2026, 10, 3, 12));
const sent = (more: Partial<SentAlert> = {}): SentAlert => ({
  fingerprint: "f",
  labels: {},
  annotations: {},
  startsAt: addMs(now, -HOUR_MS),
  endsAt: null,
  generatorUrl: null,
  ...more,
});
const episode = (more: Partial<KnownEpisode> = {}): KnownEpisode => ({
  id: "xal_1",
  fingerprint: "f",
  startsAt: addMs(now, -HOUR_MS),
  round: 1,
  state: "firing",
  resolveReason: null,
  ...more,
});
const decide = (
  alert: SentAlert,
  firing: KnownEpisode | null,
  same: KnownEpisode | null,
  source: "api" | "webhook" = "api",
) => decideInbound(alert, { firing, same }, { now, source });

test("a fingerprint is that of Prometheus: FNV-1a over sorted names and values", () => {
  expect(fingerprintOf({})).toBe("cbf29ce484222325");
  expect(fingerprintOf({ b: "2", a: "1" })).toBe(fingerprintOf({ a: "1", b: "2" }));
  expect(fingerprintOf({ a: "12" })).not.toBe(fingerprintOf({ a1: "2" }));
  expect(fingerprintOf({ name: "스토어" })).toMatch(/^[0-9a-f]{16}$/);
});

test("an alert without an end lives for five minutes when it is sent again and again, for five days by webhook", () => {
  expect(decide(sent(), null, null)).toEqual({ kind: "open", round: 1, expiresAt: addMs(now, 5 * MINUTE_MS) });
  expect(decide(sent(), null, null, "webhook")).toMatchObject({ expiresAt: addMs(now, 5 * DAY_MS) });
  expect(decide(sent({ endsAt: addMs(now, 1) }), null, null)).toMatchObject({ kind: "open", expiresAt: addMs(now, 1) });
});

test("while one episode fires, the same label set with another beginning belongs to it", () => {
  const firing = episode({ startsAt: addMs(now, -2 * HOUR_MS) });
  expect(decide(sent(), firing, null)).toMatchObject({ kind: "refresh", id: "xal_1" });
  expect(decide(sent({ endsAt: now }), firing, null)).toEqual({ kind: "resolve", id: "xal_1", endsAt: now });
});

test("an end that lies before the firing episode began is that of an older one", () => {
  const old = sent({ startsAt: addMs(now, -3 * HOUR_MS), endsAt: addMs(now, -2 * HOUR_MS) });
  expect(decide(old, episode(), null)).toEqual({ kind: "record_past", endsAt: addMs(now, -2 * HOUR_MS) });
});

test("what its sender ended stays ended; what was only taken for over fires in a new round", () => {
  const ended = episode({ state: "resolved", resolveReason: "sender" });
  expect(decide(sent(), null, ended)).toEqual({ kind: "ignore", why: "known" });
  expect(decide(sent({ endsAt: now }), null, ended)).toEqual({ kind: "ignore", why: "known" });
  const silent = episode({ state: "resolved", resolveReason: "timeout", round: 3 });
  expect(decide(sent(), null, silent)).toMatchObject({ kind: "open", round: 4 });
});

test("what ended over a day ago is not taken in any more", () => {
  const startsAt = addMs(now, -3 * DAY_MS);
  expect(decide(sent({ startsAt, endsAt: addMs(now, -DAY_MS) }), null, null)).toMatchObject({ kind: "record_past" });
  expect(decide(sent({ startsAt, endsAt: addMs(now, -DAY_MS - 1) }), null, null)).toEqual({
    kind: "ignore",
    why: "late",
  });
});
