import type { Channel } from "./channel.ts";
import { JSON_HEADERS } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { byteLength, clip } from "./notice.ts";

/** A message of a workflow may have 28 kB; less is used, so that the service's own wrapping fits too. */
const MOST_BYTES = 24_000;
const COLOURS = { critical: "Attention", warning: "Warning", good: "Good", neutral: "Default" } as const;

/** Adaptive Cards know emphasis, links and lists; a name must not become one. */
const escaped = (text: string): string => text.replaceAll(/[\\*_[\]()#-]/g, "\\$&").replaceAll("\n", "\n\n");

const card = (notice: Notice, most: { text: number; facts: number; value: number }) => ({
  $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
  type: "AdaptiveCard",
  version: "1.4",
  fallbackText: clip(`${notice.title}: ${notice.text}`, 1_000),
  body: [
    {
      type: "TextBlock",
      text: escaped(clip(notice.title, 500)),
      weight: "Bolder",
      size: "Medium",
      wrap: true,
      color: COLOURS[notice.tone],
    },
    { type: "TextBlock", text: escaped(clip(notice.text, most.text)), wrap: true },
    ...(notice.facts.length === 0
      ? []
      : [
          {
            type: "FactSet",
            facts: notice.facts.slice(0, most.facts).map(({ label, value }) => ({
              title: escaped(clip(label, 100)),
              value: escaped(clip(value, most.value)),
            })),
          },
        ]),
  ],
  actions: notice.links
    .filter(({ url }) => url.length <= 2_000)
    .slice(0, 4)
    .map(({ label, url }) => ({ type: "Action.OpenUrl", title: clip(label, 75), url })),
  msteams: { width: "Full" },
});

const message = (notice: Notice, most: Parameters<typeof card>[1]) => ({
  type: "message",
  attachments: [
    { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: card(notice, most) },
  ],
});

/** The body for a Teams workflow: an Adaptive Card within the size that Teams takes. */
const teamsMessage = (notice: Notice) => {
  const full = message(notice, { text: 4_000, facts: 20, value: 400 });
  return byteLength(JSON.stringify(full)) <= MOST_BYTES ? full : message(notice, { text: 1_000, facts: 8, value: 120 });
};

/** Microsoft Teams workflows. The address is the credential. */
export const teams: Channel = {
  render: (notice, { url }) => ({
    kind: "request",
    url,
    headers: JSON_HEADERS,
    body: JSON.stringify(teamsMessage(notice)),
  }),
  judge: judgeChannelAnswer,
};
