import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notice } from "../channels/notice.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS } from "../units.ts";
import { mailAddressOf, webAddressOf } from "./address.ts";
import { isFor, tellingOf } from "./audience.ts";
import { endsSubscription } from "./bounce.ts";
import { subscriberMail } from "./mail.ts";
import { digestFrom, nextDigestAt, tokensAt } from "./pace.ts";

describe("addresses", () => {
  test("whatever is accepted as a mail address is one line with one @ and no mark of markup or of a list", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.emailAddress(),
          fc.emailAddress().map((one) => `${one}\r\nBcc: x@y.zz`),
        ),
        (text) => {
          const address = mailAddressOf(text);
          expect(address === null || /^[^\s<>",;:@]+@[a-z0-9.-]+$/.test(address)).toBe(true);
        },
      ),
    );
  });
  test.each([
    ["Ada@Example.COM", "Ada@example.com"],
    [" ada@example.com ", "ada@example.com"],
    ["ada@localhost", null],
    ["ada@10.0.0.1", null],
    ["a..b@example.com", null],
    ["@example.com", null],
  ])("%s is read as %s", (text, wanted) => {
    expect(mailAddressOf(text)).toBe(wanted);
  });
  test("a web address has one spelling, and names nobody", () => {
    expect(webAddressOf("HTTPS://Hooks.Example.com#x")).toBe("https://hooks.example.com/");
    expect(webAddressOf("https://me@example.com/")).toBeNull();
  });
});

const everything = {
  kinds: ["incidents", "maintenance", "states"],
  serviceIds: null,
  incidentId: null,
  cadence: "each",
} as const;

describe("who is told", () => {
  test("nobody is told of alerts, of drafts, or of updates that shall tell nobody", () => {
    expect(tellingOf("alert.firing", "alt_1", {})).toBeNull();
    expect(tellingOf("incident.opened", "inc_1", { publication: "draft" })).toBeNull();
    expect(tellingOf("incident.updated", "inc_1", { updates: [{ notify: false }] })).toBeNull();
    const planned = {
      updates: [
        { notify: false, publishedAt: null },
        { notify: true, publishedAt: "2026-01-01T00:00:00Z" },
      ],
    };
    expect(tellingOf("incident.updated", "inc_1", planned)?.kind).toBe("incidents");
  });
  test("services and kinds narrow it down, and one incident means that one alone", () => {
    const telling = { kind: "incidents", serviceIds: ["shop"], incidentId: "inc_1" } as const;
    expect(isFor(telling, everything)).toBe(true);
    expect(isFor(telling, { ...everything, serviceIds: ["mail"] })).toBe(false);
    expect(isFor(telling, { ...everything, kinds: ["maintenance"] })).toBe(false);
    expect(isFor(telling, { ...everything, incidentId: "inc_1", serviceIds: ["mail"] })).toBe(true);
    expect(isFor(telling, { ...everything, incidentId: "inc_2" })).toBe(false);
  });
});

test("a server that refuses our sender or our text ends no subscription; one without the mailbox does at once", () => {
  const failure = { kind: "undeliverable", reason: "no" } as const;
  const said = { smtpCode: 550, bouncesBefore: 0 };
  expect(endsSubscription(failure, { ...said, isOfRecipient: false })).toBe(false);
  expect(endsSubscription(failure, { ...said, isOfRecipient: true })).toBe(true);
  expect(endsSubscription(failure, { smtpCode: 552, isOfRecipient: true, bouncesBefore: 0 })).toBe(false);
  expect(endsSubscription(failure, { smtpCode: 552, isOfRecipient: true, bouncesBefore: 2 })).toBe(true);
});

test("a digest is due at eight on the page's clock, within a day, never now, and begins where the last one ended", () => {
  const zones = fc.constantFrom("UTC", "Asia/Seoul", "Europe/Berlin", "America/St_Johns", "Pacific/Apia");
  fc.assert(
    fc.property(fc.integer({ min: 1_600_000_000_000, max: 2_400_000_000_000 }), zones, (ms, zone) => {
      const now = epochMs(ms);
      const due = nextDigestAt(now, zone);
      expect(due > now && due <= addMs(now, DAY_MS + HOUR_MS)).toBe(true);
      expect(new Intl.DateTimeFormat("en", { timeZone: zone, timeStyle: "short", hour12: false }).format(due)).toBe(
        "08:00",
      );
      expect(nextDigestAt(digestFrom(due, zone), zone)).toBe(due);
      expect(digestFrom(due, zone) <= now).toBe(true);
    }),
  );
  expect(new Date(nextDigestAt(epochMs(Date.parse("2026-11-22T10:00:00Z")), "Asia/Seoul")).toISOString()).toBe(
    "2026-11-22T23:00:00.000Z",
  );
});

test("a bucket never holds more than a second's worth", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.integer({ min: 1, max: 1_000 }), (ms, perSecond) => {
      const now = epochMs(ms);
      const tokens = tokensAt({ tokens: 0, at: epochMs(0) }, perSecond, now);
      expect(tokens >= 0 && tokens <= perSecond).toBe(true);
    }),
  );
});

test("no name breaks out of a mail: the subject is one line, the markup is escaped", () => {
  const title = "Down\r\nBcc: x@example.com <script>";
  const notice: Notice = {
    ...{ eventId: "e", eventType: "t", thread: "t", tone: "critical", phase: "begins", title, text: "<img src=x>" },
    ...{
      facts: [],
      links: [],
      serviceId: null,
      severity: null,
      beganAtMs: 0,
      endedAtMs: null,
      occurredAtMs: 0,
      sender: "A & B",
    },
  };
  const mail = subscriberMail(notice, [], "en");
  expect(mail.subject).not.toMatch(/[\r\n]/);
  expect(mail.html).not.toMatch(/<script>|<img/);
});
