import { parseAtomFeed, parseJsonFeed, parseRssFeed } from "feedsmith";
import ICAL from "ical.js";
import nodeIcal from "node-ical";
import RssParser from "rss-parser";
import { describe, expect, test } from "vitest";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { SnapshotMaintenance, SnapshotMaintenanceRule } from "#lib/contracts/snapshot-maintenances.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import * as samples from "#test/support/sample-snapshot.ts";
import { FEED_PARAMETERS, feedFile, feedFiles } from "./index.ts";

const WORK: SnapshotMaintenance = {
  id: "mnt_1",
  maintenanceId: "mnt_1",
  name: 'Moving house & home, part 1; "quoted" <b>',
  description: "Line one\nLine two, with a comma; and a semicolon \\ backslash\u0007",
  status: "scheduled",
  impact: "none",
  serviceIds: ["checkout"],
  plannedFor: "2026-08-09T01:00:00.000Z",
  scheduledFor: "2026-08-09T01:00:00.000Z",
  scheduledUntil: "2026-08-09T03:00:00.000Z",
  createdAt: "2026-08-01T09:00:00.000Z",
  updatedAt: "2026-08-02T09:00:00.000Z",
  startedAt: null,
  endedAt: null,
  canceledAt: null,
  sequence: 3,
  isRecurring: false,
  updates: [],
};
const RULE: SnapshotMaintenanceRule = {
  maintenanceId: "mnt_2",
  name: "매주 점검: 데이터베이스와 캐시를 새 버전으로 옮기고 색인을 다시 만드는 아주 긴 제목입니다",
  description: null,
  serviceIds: ["mail"],
  startsAt: "2026-08-02T02:00:00.000Z",
  durationMs: 7_200_000,
  rrule: "FREQ=WEEKLY;BYDAY=SU",
  timeZone: "Europe/Berlin",
  createdAt: "2026-07-01T09:00:00.000Z",
  updatedAt: "2026-08-02T09:00:00.000Z",
  canceledAt: null,
  sequence: 4,
  exceptions: [
    { plannedFor: "2026-08-16T02:00:00.000Z", moved: null, sequence: 1 },
    {
      plannedFor: "2026-08-23T02:00:00.000Z",
      moved: { from: "2026-08-24T02:00:00.000Z", until: "2026-08-24T03:00:00.000Z" },
      sequence: 2,
    },
  ],
};

const page = (more: Partial<Snapshot> = {}): Snapshot => ({
  ...samples.badDay(),
  maintenances: [WORK, { ...WORK, id: "mnt_3", maintenanceId: "mnt_3", status: "canceled" }],
  maintenanceRules: [RULE],
  ...more,
});
const args = (snapshot: Snapshot = page()) => ({ snapshot, fallbackUrl: "http://localhost:3000", isStale: false });
const read = (path: string, query = "", snapshot: Snapshot = page()): string =>
  feedFile(args(snapshot), path, new URLSearchParams(query))?.body ?? "";

describe("feeds are read by programs that people use", () => {
  test("RSS by rss-parser and feedsmith, with the same items", async () => {
    const rss = read("/history.rss");
    const parsed = await new RssParser().parseString(rss);
    const strict = parseRssFeed(rss);
    expect(parsed.items.map(({ guid }) => guid)).toEqual(strict.items?.map(({ guid }) => guid?.value));
    expect(parsed.items).toHaveLength(page().incidents.length + 2);
    const work = parsed.items.find(({ title }) => title?.includes("Moving house"));
    expect(work?.title).toBe(`Maintenance: ${WORK.name}`);
    expect(work?.link).toBe(`${page().page.url}/maintenance#m-${statuspageId("maintenance", "mnt_1")}`);
    expect(strict.atom?.links?.[0]).toMatchObject({ rel: "self", href: `${page().page.url}/history.rss` });
  });

  test("Atom and JSON Feed by feedsmith, with the ids of the RSS feed", () => {
    const atom = parseAtomFeed(read("/feed.atom"));
    const json = parseJsonFeed(read("/feed.json"));
    const rss = parseRssFeed(read("/feed.rss"));
    const ids = rss.items?.map(({ guid }) => guid?.value);
    expect(atom.entries?.map(({ id }) => id)).toEqual(ids);
    expect(json.items?.map(({ id }) => id)).toEqual(ids);
    expect(ids?.every((id) => id?.startsWith("tag:"))).toBe(true);
  });

  test("an item that changes keeps its id and moves its date", () => {
    const before = parseAtomFeed(read("/feed.atom")).entries?.find(({ title }) => title?.value?.includes("Moving"));
    const changed = page({
      maintenances: [{ ...WORK, name: "Moved on: Moving", updatedAt: "2026-08-03T09:00:00.000Z" }],
    });
    const after = parseAtomFeed(read("/feed.atom", "", changed)).entries?.find(({ title }) =>
      title?.value?.includes("Moving"),
    );
    expect([after?.id, after?.published]).toEqual([before?.id, before?.published]);
    expect(after?.updated).toBe("2026-08-03T09:00:00.000Z");
  });

  test("no control character of a text reaches any document", () => {
    const odd = "a\u0000b\u0008\u000b\u001f\ufffe\ud800<script>&\"'";
    const incidents = page().incidents.map((one) => ({ ...one, name: odd, updates: [] }));
    const services = page().services.map((one) => ({ ...one, name: odd }));
    const files = feedFiles(args(page({ incidents, services })));
    for (const [path, { body, contentType }] of files) {
      if (!/xml|svg/.test(contentType)) continue;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there.
      expect(/[\u0000-\u0008\u000b\u001f\ufffe]|\p{Cs}/u.test(body), path).toBe(false);
      expect(body.includes("<script>"), path).toBe(false);
    }
  });

  test("one component has what is about it; one that the page does not show is not found", () => {
    const ids = (query: string) => parseRssFeed(read("/history.rss", query)).items?.map(({ guid }) => guid?.value);
    const mail = ids("component=mail");
    expect(mail).toHaveLength(1);
    expect(ids(`component=${statuspageId("component", "mail")}`)).toEqual(mail);
    expect(() => read("/history.rss", "component=secret")).toThrow("no such component");
    expect(read("/badge/secret.svg")).toBe("");
  });
});

describe("the calendar", () => {
  const ics = read("/calendar.ics");

  test("lines have 75 octets at most, end with CRLF, and cut no character", () => {
    const lines = ics.split("\r\n");
    expect(lines.every((line) => Buffer.byteLength(line) <= 75)).toBe(true);
    expect(ics.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(ics).not.toContain("\ufffd");
    expect(ics.replaceAll("\r\n ", "")).toContain(`SUMMARY:${RULE.name}`);
  });

  test("ical.js and node-ical see work, what was canceled, and the rule on its own clock with its exceptions", () => {
    const component = new ICAL.Component(ICAL.parse(ics) as unknown[]);
    const events = component.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
    expect(events.map(({ summary, sequence }) => [summary, sequence])).toContainEqual([WORK.name, 3]);
    expect(events.find(({ summary }) => summary === WORK.name)?.description).toBe(
      WORK.description?.replace("\u0007", ""),
    );
    const statuses = component.getAllSubcomponents("vevent").map((one) => one.getFirstPropertyValue("status"));
    expect(statuses.filter((status) => status === "CANCELLED")).toHaveLength(2);
    const parsed = Object.values(nodeIcal.sync.parseICS(ics)).filter((one) => one?.type === "VEVENT");
    expect(parsed).toHaveLength(3);
    const zone = component.getFirstSubcomponent("vtimezone");
    expect(zone).not.toBeNull();
    const berlin = new ICAL.Timezone(zone as ICAL.Component);
    const rule = events.find((event) => event.isRecurring());
    rule?.component.getFirstProperty("dtstart")?.getFirstValue();
    const iterator = rule?.iterator();
    const starts: string[] = [];
    for (let index = 0; index < 16; index += 1) {
      const next = iterator?.next();
      if (next === undefined) break;
      next.zone = berlin;
      starts.push(next.toJSDate().toISOString());
    }
    // 04:00 in Berlin, before and after the clocks go back on 25 October.
    expect(starts.slice(0, 2)).toEqual(["2026-08-02T02:00:00.000Z", "2026-08-09T02:00:00.000Z"]);
    expect(starts.slice(11, 14)).toEqual([
      "2026-10-18T02:00:00.000Z",
      "2026-10-25T03:00:00.000Z",
      "2026-11-01T03:00:00.000Z",
    ]);
  });
});

describe("badges", () => {
  test.each(["flat", "flat-square", "plastic", "for-the-badge", "social"])("%s is drawn for every metric", (style) => {
    for (const metric of ["state", "uptime", "sli", "budget"]) {
      const svg = read("/badge/checkout.svg", `style=${style}&metric=${metric}`);
      expect(svg).toMatch(/^<svg [^>]+aria-label="[^"]+"/);
      expect(svg).not.toMatch(/href|NaN|undefined/);
    }
  });

  test("words follow the language, and shields finds only the keys that it knows", () => {
    const shields = (query = "") => JSON.parse(read("/badge/checkout.json", query)) as Record<string, unknown>;
    expect(shields()).toEqual({
      ...{ schemaVersion: 1, label: "Checkout", message: "major outage" },
      ...{ color: "#b3261e", cacheSeconds: 300 },
    });
    expect(shields("lang=ko").message).toBe("전체 장애");
    expect(shields("label=").label).toBe("");
    for (const query of [
      "style=round",
      "metric=cost",
      "metric=uptime&days=0",
      "metric=uptime&days=91",
      `label=${"x".repeat(61)}`,
    ])
      expect(() => read("/badge/checkout.svg", query), query).toThrow();
  });
});

test("every parameter that an answer looks at is in the list by which answers are kept", () => {
  const seen = new Set<string>();
  const spy = new URLSearchParams("metric=sli");
  const get = spy.get.bind(spy);
  spy.get = (name) => {
    seen.add(name);
    return get(name);
  };
  for (const path of ["/feed.rss", "/calendar.ics", "/badge/checkout.svg", "/widget"]) feedFile(args(), path, spy);
  expect([...seen].filter((name) => !FEED_PARAMETERS.includes(name))).toEqual([]);
});
