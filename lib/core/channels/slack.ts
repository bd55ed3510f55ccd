import type { Channel } from "./channel.ts";
import { JSON_HEADERS } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { clip, clipEscaped } from "./notice.ts";

/** Limits of Block Kit: header 150, section 3,000, field 2,000 and 10 of them, button text 75, its address 3,000. */
const MOST = { header: 150, section: 3_000, fields: 10, field: 2_000, buttons: 5, button: 75, url: 3_000, text: 4_000 };

/** Slack's own escape: these three characters start entities, links and mentions. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const clipped = (text: string, most: number): string => clipEscaped(text, most, escaped);

const MARKS = {
  critical: ":red_circle:",
  warning: ":large_orange_circle:",
  good: ":large_green_circle:",
  neutral: ":white_circle:",
};

const factsBlock = ({ facts }: Notice) =>
  facts.length === 0
    ? []
    : [
        {
          type: "section" as const,
          fields: facts.slice(0, MOST.fields).map(({ label, value }) => ({
            type: "mrkdwn" as const,
            text: `*${clipped(label, 200)}*\n${clipped(value, MOST.field - 210)}`,
          })),
        },
      ];

const buttonsBlock = ({ links }: Notice) => {
  const usable = links.filter(({ url }) => url.length <= MOST.url).slice(0, MOST.buttons);
  if (usable.length === 0) return [];
  const elements = usable.map(({ label, url }, index) => ({
    type: "button" as const,
    action_id: `link_${index}`,
    text: { type: "plain_text" as const, text: clip(label, MOST.button), emoji: false },
    url,
  }));
  return [{ type: "actions" as const, elements }];
};

/** The body of an incoming webhook; `text` is what notifications and screen readers show. */
export const slackMessage = (notice: Notice) => ({
  text: clipped(`${notice.title}: ${notice.text}`, MOST.text),
  unfurl_links: false,
  blocks: [
    {
      type: "header" as const,
      text: { type: "plain_text" as const, text: clip(notice.title, MOST.header), emoji: false },
    },
    {
      type: "section" as const,
      text: { type: "mrkdwn" as const, text: `${MARKS[notice.tone]} ${clipped(notice.text, MOST.section - 40)}` },
    },
    ...factsBlock(notice),
    ...buttonsBlock(notice),
    {
      type: "context" as const,
      elements: [
        { type: "plain_text" as const, text: clip(`${notice.sender} · ${notice.thread}`, 2_000), emoji: false },
      ],
    },
  ],
});

/** Slack incoming webhooks. The address is the credential. */
export const slack: Channel = {
  render: (notice, { url }) => ({
    kind: "request",
    url,
    headers: JSON_HEADERS,
    body: JSON.stringify(slackMessage(notice)),
  }),
  judge: judgeChannelAnswer,
};
