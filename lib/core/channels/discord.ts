import { durationMs, SECOND_MS } from "../units.ts";
import type { Channel, ChannelAnswer } from "./channel.ts";
import { JSON_HEADERS } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { clip, clipEscaped } from "./notice.ts";

/** Limits of an embed: title 256, description 4,096, 25 fields of 256 and 1,024, footer 2,048, 6,000 in all. */
const MOST = { title: 256, description: 2_500, fields: 10, name: 100, value: 180, footer: 200 };
const COLOURS = { critical: 0xc62828, warning: 0xef6c00, good: 0x2e7d32, neutral: 0x546e7a };

/** Markdown of Discord is shown as it stands. */
const escaped = (text: string): string => text.replaceAll(/[\\*_~`|>[\]()#-]/g, "\\$&");

const clipped = (text: string, most: number): string => clipEscaped(text, most, escaped);

const description = ({ text, links }: Notice): string => {
  const shown = links.slice(0, 5).filter(({ url }) => url.length <= 400 && !/[\s()]/.test(url));
  const lines = shown.map(({ label, url }) => `[${clipped(label, 100)}](${url})`);
  const tail = lines.length === 0 ? "" : `\n\n${lines.join(" · ")}`;
  return `${clipped(text, MOST.description)}${clip(tail, 1_500).length === tail.length ? tail : ""}`;
};

/** The body of an incoming webhook. Nobody is mentioned, whatever a name says. */
const discordMessage = (notice: Notice) => ({
  allowed_mentions: { parse: [] },
  embeds: [
    {
      title: clip(notice.title, MOST.title),
      description: description(notice),
      color: COLOURS[notice.tone],
      timestamp: new Date(notice.occurredAtMs).toISOString(),
      fields: notice.facts.slice(0, MOST.fields).map(({ label, value }) => ({
        name: clipped(label, MOST.name) || "-",
        value: clipped(value, MOST.value) || "-",
        inline: true,
      })),
      footer: { text: clip(`${notice.sender} · ${notice.thread}`, MOST.footer) },
    },
  ],
});

/** Discord names the wait in the body, in seconds, and not always in a header. */
const waitOf = ({ retryAfterMs, bodyExcerpt }: ChannelAnswer): ChannelAnswer["retryAfterMs"] => {
  const found = /"retry_after"\s*:\s*(\d{1,7}(?:\.\d{1,6})?)/.exec(bodyExcerpt);
  const asked = found === null ? null : durationMs(Math.ceil(Number(found[1]) * SECOND_MS));
  return asked === null || (retryAfterMs !== null && retryAfterMs > asked) ? retryAfterMs : asked;
};

/** Discord incoming webhooks. The address is the credential. */
export const discord: Channel = {
  render: (notice, { url }) => ({
    kind: "request",
    url,
    headers: JSON_HEADERS,
    body: JSON.stringify(discordMessage(notice)),
  }),
  judge: (answer) => judgeChannelAnswer({ ...answer, retryAfterMs: waitOf(answer) }),
};
