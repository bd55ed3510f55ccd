import { escapeHtml } from "../escape-html.ts";
import type { Channel, ChannelMail } from "./channel.ts";
import { judgeChannelAnswer } from "./judge-channel.ts";
import type { Notice } from "./notice.ts";
import { clip } from "./notice.ts";

const COLOURS = { critical: "#b3261e", warning: "#9a5b00", good: "#1b6e3c", neutral: "#44546a" };
const PREFIXES = { critical: "[alert] ", warning: "[warning] ", good: "[resolved] ", neutral: "" };

const textOf = ({ text, facts, links, sender, thread }: Notice): string =>
  [
    text,
    facts.map(({ label, value }) => `${label}: ${value}`).join("\n"),
    links.map(({ label, url }) => `${label}: ${url}`).join("\n"),
    `-- \n${sender} · ${thread}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");

const rowOf = ({ label, value }: { label: string; value: string }): string =>
  `<tr><th scope="row" align="left" style="padding:2px 16px 2px 0;font-weight:600">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`;

const htmlOf = ({ title, text, facts, links, sender, thread, tone }: Notice): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#ffffff">
<h1 style="margin:0 0 12px;font-size:20px;color:${COLOURS[tone]}">${escapeHtml(title)}</h1>
<p style="margin:0 0 16px;white-space:pre-line">${escapeHtml(text)}</p>
${facts.length === 0 ? "" : `<table style="border-collapse:collapse;margin:0 0 16px">${facts.map(rowOf).join("")}</table>`}
${links.map(({ label, url }) => `<p style="margin:0 0 8px"><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></p>`).join("")}
<p style="margin:24px 0 0;color:#5a6572;font-size:13px">${escapeHtml(sender)} · ${escapeHtml(thread)}</p>
</body></html>`;

/** A mail in both forms. Lines of the subject are one: whatever a name holds, it adds no header. */
const emailMessage = (notice: Notice): ChannelMail => ({
  kind: "mail",
  subject: clip(`${PREFIXES[notice.tone]}${notice.title}`.replaceAll(/\s+/g, " "), 200),
  text: textOf(notice),
  html: htmlOf(notice),
  messageKey: notice.eventId,
  threadKey: notice.thread,
  relatedKeys: notice.relatedThreads ?? [],
  beginsThread: notice.phase === "begins",
});

/** Mail over SMTP. The reply codes of SMTP are judged by the sender; `judge` reads them as their HTTP likes. */
export const email: Channel = { render: emailMessage, judge: judgeChannelAnswer };
