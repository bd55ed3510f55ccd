import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";

const resolved = (
  id: string,
  name: string,
  from: string,
  to: string,
  body: string,
  serviceId: string,
): SnapshotIncident => ({
  id,
  name,
  status: "resolved",
  impact: "major",
  startedAt: from,
  createdAt: from,
  updatedAt: to,
  monitoringAt: null,
  resolvedAt: to,
  serviceIds: [serviceId],
  updates: [{ id: `${id}-u1`, status: "resolved", body, createdAt: to, updatedAt: to, displayAt: to, affected: [] }],
});

/** Three incidents that lie behind, newest first. */
export const PAST_INCIDENTS: SnapshotIncident[] = [
  resolved(
    "inc3",
    "Checkout could not take card payments",
    "2026-07-24T09:12:00.000Z",
    "2026-07-24T09:26:00.000Z",
    "An expired certificate at our payment partner.",
    "checkout",
  ),
  resolved(
    "inc2",
    "Checkout failed for some customers",
    "2026-07-18T09:40:00.000Z",
    "2026-07-18T09:49:00.000Z",
    "One of three servers was out of memory.",
    "checkout",
  ),
  resolved(
    "inc1",
    "Order emails arrived late",
    "2026-06-30T11:00:00.000Z",
    "2026-06-30T11:52:00.000Z",
    "Every delayed message was delivered.",
    "mail",
  ),
];

/** The open one of the bad day. */
export const OPEN_INCIDENT: SnapshotIncident = {
  id: "inc4",
  name: "Checkout cannot complete payments",
  status: "identified",
  impact: "critical",
  startedAt: "2026-08-06T13:58:00.000Z",
  createdAt: "2026-08-06T13:59:00.000Z",
  updatedAt: "2026-08-06T14:06:00.000Z",
  monitoringAt: null,
  resolvedAt: null,
  serviceIds: ["checkout"],
  updates: [
    {
      id: "upd2",
      status: "identified",
      body: "Our payment gateway refuses new connections after a configuration change at 13:57. We are undoing the change now and expect payments to work again by 14:20. Your basket is safe, and no one is charged twice.",
      createdAt: "2026-08-06T14:06:00.000Z",
      updatedAt: "2026-08-06T14:06:00.000Z",
      displayAt: "2026-08-06T14:06:00.000Z",
      affected: [{ serviceId: "checkout", oldState: "operational", newState: "major_outage" }],
    },
    {
      id: "upd1",
      status: "investigating",
      body: "Paying for an order fails at the last step. We have seen it and are looking for the cause.",
      createdAt: "2026-08-06T13:59:00.000Z",
      updatedAt: "2026-08-06T13:59:00.000Z",
      displayAt: "2026-08-06T13:59:00.000Z",
      affected: [{ serviceId: "checkout", oldState: "operational", newState: "major_outage" }],
    },
  ],
};

const say = (id: string, status: SnapshotIncident["status"], at: string, body: string, ko?: string) => ({
  id,
  status,
  body,
  bodyHtml: `<p>${body}</p>`,
  createdAt: at,
  updatedAt: at,
  displayAt: at,
  affected: [],
  ...(ko === undefined ? {} : { translations: { ko: { body: ko, bodyHtml: `<p>${ko}</p>` } } }),
});

const POSTMORTEM = `<p>For 14 minutes on 24 July no one could pay at Acme. We had renewed our own certificate in time, but we did not watch the one at our partner, and it expired at 09:12.</p>
<h3>What went well</h3><p>We knew within a minute, from two places.</p>
<h3>What we are changing</h3><ol><li>We now watch our partners’ certificates and are warned <strong>21 days</strong> ahead.</li><li>A second payment partner takes over when the first one fails: <a href="https://acme.example/plan" rel="noopener nofollow">our plan</a>.</li></ol>
<pre><code>openssl s_client -connect partner.example:443 -servername partner.example | openssl x509 -noout -enddate</code></pre>`;

/** A resolved one with everything that can be told: impact over time, cost, post-mortem, translations. */
export const TOLD_INCIDENT: SnapshotIncident = {
  id: "inc3",
  name: "Checkout could not take card payments",
  translations: { ko: { name: "결제에서 카드를 사용할 수 없었습니다" } },
  status: "postmortem",
  impact: "critical",
  startedAt: "2026-07-24T09:12:00.000Z",
  createdAt: "2026-07-24T09:13:00.000Z",
  updatedAt: "2026-07-27T11:00:00.000Z",
  monitoringAt: "2026-07-24T09:24:00.000Z",
  resolvedAt: "2026-07-24T09:26:00.000Z",
  serviceIds: ["checkout", "shop"],
  updates: [
    say("u5", "postmortem", "2026-07-27T11:00:00.000Z", "For 14 minutes on 24 July no one could pay at Acme."),
    say(
      "u4",
      "resolved",
      "2026-07-24T09:31:00.000Z",
      "Card payments have worked since 09:26. Orders that failed were not charged. We are sorry for the interruption.",
      "09:26부터 카드 결제가 정상입니다. 실패한 주문은 청구되지 않았습니다. 불편을 드려 죄송합니다.",
    ),
    say(
      "u3",
      "monitoring",
      "2026-07-24T09:24:00.000Z",
      "Our partner has installed a new certificate. Wallets work again; cards are following.",
    ),
    say(
      "u2",
      "identified",
      "2026-07-24T09:19:00.000Z",
      "A certificate at our payment partner has expired. They are replacing it.",
    ),
    say(
      "u1",
      "investigating",
      "2026-07-24T09:13:15.000Z",
      "Paying for an order fails at the last step. We are looking for the cause.",
    ),
  ],
  impactSpans: [
    {
      serviceId: "checkout",
      spans: [
        { from: "2026-07-24T09:12:00.000Z", until: "2026-07-24T09:13:00.000Z", impact: "minor" },
        { from: "2026-07-24T09:13:00.000Z", until: "2026-07-24T09:24:00.000Z", impact: "critical" },
        { from: "2026-07-24T09:24:00.000Z", until: "2026-07-24T09:26:00.000Z", impact: "major" },
      ],
    },
    {
      serviceId: "shop",
      spans: [{ from: "2026-07-24T09:15:00.000Z", until: "2026-07-24T09:26:00.000Z", impact: "minor" }],
    },
  ],
  costs: [
    { serviceId: "checkout", sloId: "checkout-availability", share: 0.314, period: "2026-07", windowDays: 31 },
    { serviceId: "shop", sloId: "shop-availability", share: 0.004, period: null, windowDays: 28 },
  ],
  postmortem: { bodyHtml: POSTMORTEM, publishedAt: "2026-07-27T11:00:00.000Z" },
};
