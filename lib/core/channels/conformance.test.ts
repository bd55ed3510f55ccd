import type { KnownBlock } from "@slack/types";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChannelType } from "./channel.ts";
import { CHANNEL_TYPES } from "./channel.ts";
import { CHANNELS } from "./index.ts";
import type { Notice } from "./notice.ts";
import { byteLength, clip, clipBytes } from "./notice.ts";
import { slackMessage } from "./slack.ts";

const SECRET = "R0123456789abcdefR0123456789abcd";
const TARGET = { url: "https://hooks.example.org/T000/topic", secret: SECRET };

const NOTICE: Notice = {
  eventId: "evt_1",
  eventType: "alert.firing",
  thread: "alt_1",
  tone: "critical",
  phase: "begins",
  title: "Shop API: shop-availability is burning its budget",
  text: "shop-availability burns its error budget 14.4x faster than allowed. Firing since 2026-11-03 14:02 UTC.",
  facts: [{ label: "Long window", value: "1h: 60 of 120 bad" }],
  links: [{ label: "Open the dashboard", url: "https://status.example.org/admin/slos/shop-availability" }],
  serviceId: "shop",
  severity: "page",
  beganAtMs: Date.UTC(2026, 10, 3, 14, 2),
  endedAtMs: null,
  occurredAtMs: Date.UTC(2026, 10, 3, 14, 3),
  sender: "Acme",
};

const anyText = (most: number) => fc.string({ unit: "grapheme", maxLength: most });
const anyNotice: fc.Arbitrary<Notice> = fc.record({
  eventId: fc.constant("evt_1"),
  eventType: fc.constantFrom("alert.firing", "alert.resolved", "incident.updated"),
  thread: fc.string({ minLength: 1, maxLength: 400 }),
  tone: fc.constantFrom("critical" as const, "warning" as const, "good" as const, "neutral" as const),
  phase: fc.constantFrom(
    "begins" as const,
    "acknowledged" as const,
    "goes_on" as const,
    "ends" as const,
    "note" as const,
  ),
  title: anyText(600),
  text: fc.oneof(anyText(200), fc.constant("<&>".repeat(3_000)), fc.constant("\u{1f525}".repeat(9_000))),
  facts: fc.array(fc.record({ label: anyText(300), value: anyText(3_000) }), { maxLength: 30 }),
  links: fc.array(fc.record({ label: anyText(200), url: fc.webUrl({ size: "large" }) }), { maxLength: 8 }),
  serviceId: fc.constantFrom(null, "shop"),
  severity: fc.constantFrom(null, "page" as const, "ticket" as const),
  beganAtMs: fc.constant(NOTICE.beganAtMs),
  endedAtMs: fc.constantFrom(null, NOTICE.beganAtMs + 60_000),
  occurredAtMs: fc.constant(NOTICE.occurredAtMs),
  sender: anyText(300),
});

type Json = Record<string, never> & { [key: string]: Json };
const bodyOf = (type: ChannelType, notice: Notice): Json | null => {
  const message = CHANNELS[type].render(notice, TARGET);
  return message.kind === "request" ? (JSON.parse(message.body) as Json) : null;
};
const lengths = (value: unknown): number => String(value).length;

/** The published limits of each service, as its documentation states them. */
const WITHIN_LIMITS: Readonly<Record<ChannelType, (notice: Notice) => void>> = {
  slack: (notice) => {
    const body = bodyOf("slack", notice) as unknown as {
      text: string;
      blocks: {
        type: string;
        text?: { text: string };
        fields?: { text: string }[];
        elements?: { text?: { text: string }; url?: string }[];
      }[];
    };
    expect(body.text.length).toBeGreaterThan(0);
    expect(body.blocks.length).toBeLessThanOrEqual(50);
    for (const block of body.blocks) {
      expect(lengths(block.text?.text ?? "")).toBeLessThanOrEqual(block.type === "header" ? 150 : 3_000);
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000);
      if (block.type !== "actions") continue;
      for (const element of block.elements ?? []) {
        expect(lengths(element.text?.text ?? "")).toBeLessThanOrEqual(75);
        expect(lengths(element.url ?? "")).toBeLessThanOrEqual(3_000);
      }
    }
  },
  discord: (notice) => {
    const body = bodyOf("discord", notice) as unknown as {
      allowed_mentions: { parse: string[] };
      embeds: {
        title: string;
        description: string;
        footer: { text: string };
        fields: { name: string; value: string }[];
      }[];
    };
    expect(body.allowed_mentions.parse).toEqual([]);
    for (const embed of body.embeds) {
      expect(embed.title.length).toBeLessThanOrEqual(256);
      expect(embed.description.length).toBeLessThanOrEqual(4_096);
      expect(embed.fields.length).toBeLessThanOrEqual(25);
      const inFields = embed.fields.map(({ name, value }) => name.length + value.length);
      const all = embed.title.length + embed.description.length + embed.footer.text.length;
      expect(inFields.reduce((sum, length) => sum + length, all)).toBeLessThanOrEqual(6_000);
    }
  },
  teams: (notice) => {
    expect(byteLength(JSON.stringify(bodyOf("teams", notice)))).toBeLessThanOrEqual(28 * 1_024);
  },
  pagerduty: (notice) => {
    const body = bodyOf("pagerduty", notice) as unknown as {
      dedup_key: string;
      event_action: string;
      payload?: { summary: string; source: string };
    } | null;
    if (body === null) return;
    expect(body.dedup_key.length).toBeLessThanOrEqual(255);
    expect(["trigger", "acknowledge", "resolve"]).toContain(body.event_action);
    if (body.event_action !== "trigger") return;
    expect(lengths(body.payload?.summary)).toBeLessThanOrEqual(1_024);
    expect(body.payload?.source).not.toBe("");
    expect(byteLength(JSON.stringify(body))).toBeLessThanOrEqual(512_000);
  },
  alertmanager: (notice) => {
    const body = bodyOf("alertmanager", notice) as unknown as
      | { labels: Record<string, string>; startsAt: string; endsAt: string }[]
      | null;
    for (const alert of body ?? []) {
      expect(Object.values(alert.labels).every((value) => value !== "")).toBe(true);
      expect(Date.parse(alert.endsAt)).toBeGreaterThan(Date.parse(alert.startsAt));
    }
  },
  ntfy: (notice) => {
    const body = bodyOf("ntfy", notice) as unknown as { topic: string; message: string; actions: unknown[] };
    expect(body.topic).toBe("topic");
    expect(byteLength(body.message)).toBeLessThanOrEqual(4_096);
    expect(body.actions.length).toBeLessThanOrEqual(3);
  },
  email: (notice) => {
    const mail = CHANNELS.email.render(notice, TARGET);
    if (mail.kind !== "mail") throw new Error("a mail channel makes mails");
    expect(mail.subject).not.toMatch(/[\r\n]/);
    expect(mail.subject.length).toBeLessThanOrEqual(200);
  },
};

describe.each(CHANNEL_TYPES)("%s", (type) => {
  const channel = CHANNELS[type];

  test("keeps every published limit, whatever the names and texts are", () => {
    fc.assert(fc.property(anyNotice, WITHIN_LIMITS[type]));
  });

  test("says the same bytes for the same notice, so that retries are alike", () => {
    expect(channel.render(NOTICE, TARGET)).toEqual(channel.render(structuredClone(NOTICE), TARGET));
  });

  test("tells what burns and since when", () => {
    const said = JSON.stringify(channel.render(NOTICE, TARGET));
    expect(said).toContain("shop");
    expect(said).toMatch(/14[.\\]*4x|2026-11-03/);
  });

  test("decides for every status between accepted, later, refused and undeliverable, and quotes no secret", () => {
    for (let status = 100; status <= 599; status += 1) {
      const outcome = channel.judge({ status, retryAfterMs: null, bodyExcerpt: `no ${SECRET}` });
      if (status >= 200 && status <= 299) expect(outcome.kind).toBe("accepted");
      else if (status === 429 || status >= 500) expect(outcome.kind).toBe("try_later");
      else expect(outcome.kind).not.toBe("accepted");
      expect(JSON.stringify(outcome)).not.toContain(SECRET);
    }
    expect(channel.judge({ status: 400, retryAfterMs: null, bodyExcerpt: "" }).kind).toBe("undeliverable");
    expect(channel.judge({ status: 404, retryAfterMs: null, bodyExcerpt: "" }).kind).toBe("refused");
  });
});

test("a name in a message is text: it mentions nobody, links nowhere and adds no markup", () => {
  const evil: Notice = {
    ...NOTICE,
    title: "<!channel> @everyone",
    text: "<https://evil|x> [x](https://evil) <b>",
    facts: [],
  };
  expect(JSON.stringify(CHANNELS.slack.render(evil, TARGET))).toContain("&lt;https://evil|x&gt;");
  const mail = CHANNELS.email.render(evil, TARGET);
  expect(mail.kind === "mail" && mail.html).toContain("&lt;b&gt;");
  expect(JSON.stringify(bodyOf("teams", evil))).toContain("\\\\[x\\\\]");
});

test("Slack's own types take the blocks", () => {
  const blocks: readonly KnownBlock[] = slackMessage(NOTICE).blocks;
  expect(blocks.map(({ type }) => type)).toEqual(["header", "section", "section", "actions", "context"]);
});

test("Discord's wait in the body counts when it is longer than the header's", () => {
  const answer = { status: 429, retryAfterMs: null, bodyExcerpt: '{"message":"slow","retry_after": 64.57}' };
  expect(CHANNELS.discord.judge(answer)).toMatchObject({ kind: "try_later", retryAfterMs: 64_570 });
});

test("a resolved alert has the key and the labels that it fired with", () => {
  const resolved: Notice = { ...NOTICE, phase: "ends", tone: "good", endedAtMs: NOTICE.beganAtMs + 60_000 };
  const [fired, ended] = [NOTICE, resolved].map(
    (notice) => bodyOf("pagerduty", notice) as unknown as { dedup_key: string },
  );
  expect(ended).toEqual({ routing_key: SECRET, event_action: "resolve", dedup_key: fired?.dedup_key });
  const labels = [NOTICE, resolved].map(
    (notice) => (bodyOf("alertmanager", notice) as unknown as { labels: object }[])[0]?.labels,
  );
  expect(labels[0]).toEqual(labels[1]);
});

test("clipping never splits a character and never exceeds its limit", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 0, max: 80 }), (text, most) => {
      expect(clip(text, most).length).toBeLessThanOrEqual(most);
      expect(clip(text, most)).not.toMatch(/[\ud800-\udbff]$/);
      expect(Buffer.byteLength(clipBytes(text, most + 3))).toBeLessThanOrEqual(most + 3);
    }),
  );
});
