import type { Channel } from "./channel.ts";
import { JSON_HEADERS } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { clip, clipBytes } from "./notice.ts";

/** A message over 4,096 bytes becomes an attachment, which nobody reads on a phone. */
const MOST_BYTES = 4_000;
const PRIORITIES = { critical: 5, warning: 4, good: 3, neutral: 2 };
const TAGS = {
  critical: "rotating_light",
  warning: "warning",
  good: "white_check_mark",
  neutral: "information_source",
};

const bodyText = ({ text, facts }: Notice): string =>
  [text, ...facts.map(({ label, value }) => `${label}: ${value}`)].join("\n");

/** The body of a publication. */
const ntfyMessage = (notice: Notice, topic: string) => ({
  topic,
  title: clip(notice.title, 250),
  message: clipBytes(bodyText(notice), MOST_BYTES),
  priority: notice.severity === "ticket" && notice.tone === "critical" ? PRIORITIES.warning : PRIORITIES[notice.tone],
  tags: [TAGS[notice.tone]],
  ...(notice.links[0] === undefined ? {} : { click: notice.links[0].url }),
  actions: notice.links.slice(0, 3).map(({ label, url }) => ({ action: "view", label: clip(label, 60), url })),
});

/** ntfy, as JSON to the root of its server: the last part of the configured path is the topic. */
export const ntfy: Channel = {
  render: (notice, { url, secret }) => {
    const address = (url.split(/[?#]/, 1)[0] ?? "").replace(/\/+$/, "");
    const slash = address.lastIndexOf("/");
    return {
      kind: "request",
      url: address.slice(0, slash + 1),
      headers: secret === null ? JSON_HEADERS : { ...JSON_HEADERS, authorization: `Bearer ${secret}` },
      body: JSON.stringify(ntfyMessage(notice, address.slice(slash + 1))),
    };
  },
  judge: judgeChannelAnswer,
};
