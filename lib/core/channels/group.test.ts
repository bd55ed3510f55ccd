import { describe, expect, test } from "vitest";
import { groupNotices } from "./group.ts";
import type { Notice } from "./notice.ts";

const notice = (changes: Partial<Notice>): Notice => ({
  eventId: "evt_1",
  eventType: "alert.firing",
  thread: "alt_1",
  tone: "critical",
  phase: "begins",
  title: "Shop API: availability, alert",
  text: "availability burns.",
  facts: [{ label: "Objective", value: "99.9 %" }],
  links: [{ label: "Runbook", url: "https://wiki.example.org/a" }],
  serviceId: "shop",
  serviceName: "Shop API",
  severity: "page",
  beganAtMs: 1_000,
  endedAtMs: null,
  occurredAtMs: 1_000,
  sender: "Acme",
  ...changes,
});
const slow = notice({
  eventId: "evt_2",
  thread: "alt_2",
  tone: "warning",
  severity: "ticket",
  title: "Shop API: latency, alert",
  text: "latency burns.",
  links: [{ label: "Runbook", url: "https://wiki.example.org/a" }],
  beganAtMs: 2_000,
  occurredAtMs: 2_000,
});
const over = notice({
  eventId: "evt_3",
  eventType: "alert.resolved",
  tone: "good",
  phase: "ends",
  text: "availability is fine.",
  endedAtMs: 9_000,
  occurredAtMs: 9_000,
});

describe("several alerts in one message", () => {
  test("a storm is one message of bounded length that tells the worst and counts the rest", () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      notice({ thread: `xal_${i}`, tone: i === 9_999 ? "critical" : "warning", text: `disk ${i} is full.` }),
    );
    const grouped = groupNotices(many as [Notice, ...Notice[]]);
    expect(grouped.title).toBe("Shop API: 10000 alerts");
    expect(grouped.text).toMatch(/^disk 9999 is full\.\ndisk 0 is full\.\n[^]*\nAnd 9950 more\.$/);
    expect(grouped.facts).toHaveLength(50);
    expect(grouped.relatedThreads).toHaveLength(49);
  });

  test("one alone stays as it is", () => {
    expect(groupNotices([slow])).toBe(slow);
  });

  test("tell each alert once, the worst of them in the tone, and every link once", () => {
    const grouped = groupNotices([notice({}), slow]);
    expect(grouped).toMatchObject({
      title: "Shop API: 2 alerts",
      text: "availability burns.\nlatency burns.",
      tone: "critical",
      phase: "begins",
      severity: "page",
      thread: "alt_1",
      relatedThreads: ["alt_2"],
      endedAtMs: null,
      beganAtMs: 1_000,
      occurredAtMs: 2_000,
    });
    expect(grouped.links).toHaveLength(1);
    expect(grouped.facts.map(({ label }) => label)).toEqual([
      "Shop API: availability, alert",
      "Shop API: latency, alert",
    ]);
  });

  test("what is over again is told as over", () => {
    expect(groupNotices([notice({}), slow, over])).toMatchObject({
      title: "Shop API: 2 alerts, 1 resolved",
      tone: "warning",
      severity: "ticket",
      phase: "begins",
    });
    expect(groupNotices([notice({}), over])).toMatchObject({
      title: "Shop API: 1 alert resolved",
      text: "availability is fine.",
      tone: "good",
      relatedThreads: [],
      endedAtMs: 9_000,
    });
  });

  test("the thread that begins gives the message its name, so that no two messages have the same", () => {
    const reminder = notice({ eventType: "alert.reminder", phase: "goes_on" });
    expect(groupNotices([reminder, slow])).toMatchObject({
      thread: "alt_2",
      relatedThreads: ["alt_1"],
      phase: "begins",
    });
    expect(groupNotices([reminder, over])).toMatchObject({ thread: "alt_1", phase: "ends" });
  });
});
