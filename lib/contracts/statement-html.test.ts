import { expect, test } from "vitest";
import { statementHtml } from "./statement-html.ts";
import type { StatementFigures, StatementResource } from "./statements.ts";

const figures = (attainedRatio: string | null, isMet: boolean | null): StatementFigures => ({
  ...{ good: 9, bad: 1, total: 10 },
  attainedRatio,
  isMet,
});
const statement = (attainedRatio: string | null, name = "Shop"): StatementResource => ({
  ...{ id: null, state: "provisional", version: 0, replaces: null, serviceId: null, issuedAt: null, author: null },
  ...{ inputsSha256: "0".repeat(64), pageName: name, changes: [], exclusions: [] },
  period: {
    ...{ kind: "month", label: "2026-10", timeZone: "Asia/Seoul" },
    ...{ startsAt: "2026-09-30T15:00:00.000Z", endsAt: "2026-10-31T15:00:00.000Z" },
  },
  services: [
    {
      ...{ id: "shop", name, incidents: [] },
      lines: [
        {
          ...{ sloId: "one", sli: { kind: "availability" }, objective: "99.9", unit: "slots" },
          ...{ from: "2026-09-30T15:00:00.000Z", until: "2026-10-31T15:00:00.000Z", expected: 10 },
          ...{ downtimeSeconds: 5_400, figures: figures(attainedRatio, true), raw: figures(attainedRatio, true) },
        },
      ],
    },
  ],
});

test.each([
  { ratio: "0.998765432", text: "99.8765432 %" },
  { ratio: "1", text: "100 %" },
  { ratio: "0.9", text: "90 %" },
  { ratio: "0.5", text: "50 %" },
  { ratio: "0.001", text: "0.1 %" },
  { ratio: "0", text: "0 %" },
  { ratio: null, text: "no data" },
])("a ratio of $ratio is shown digit by digit as $text", ({ ratio, text }) => {
  expect(statementHtml(statement(ratio))).toContain(`<td class="n">${text}</td>`);
});

test("every text is escaped, and times are those of the page", () => {
  const html = statementHtml(statement("1", `<script>alert("1")</script>&'`), "ru");
  expect(html).not.toContain("<script");
  expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
  expect(html).toContain("2026-10-01 00:00 \u2013 2026-11-01 00:00, Asia/Seoul");
  expect(html).toContain('<html lang="ru">');
  expect(html).toContain("1 h 30 min");
});

test("slices that are bad in part are counted in slices", () => {
  const whole = statement("0.95");
  const parts = { good: 1_900_000_000, bad: 100_000_000, total: 2_000_000_000, attainedRatio: "0.95", isMet: false };
  const services = whole.services.map((service) => ({
    ...service,
    lines: service.lines.map((line) => ({ ...line, unit: "slice_billionths" as const, figures: parts })),
  }));
  expect(statementHtml({ ...whole, services })).toContain('<td class="n">0.1</td><td class="n">2</td>');
});
