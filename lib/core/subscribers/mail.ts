import type { Notice, NoticeLink } from "../channels/notice.ts";
import { clip } from "../channels/notice.ts";
import type { Language } from "../definitions.ts";
import { escapeHtml } from "../escape-html.ts";

/** A mail to one subscriber without its addresses. */
export type SubscriberMail = { readonly subject: string; readonly text: string; readonly html: string };

const COLOURS = { critical: "#b3261e", warning: "#9a5b00", good: "#1b6e3c", neutral: "#1b1f24" };
const STYLE = "margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1b1f24;background:#ffffff";

const linkHtml = ({ label, url }: NoticeLink): string => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`;
const rowHtml = ({ label, value }: { label: string; value: string }): string =>
  `<tr><th scope="row" align="left" style="padding:2px 16px 2px 0;font-weight:600">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`;

/**
 * A notice as a mail in both forms. The subject is one line, whatever a name holds; `foot` are the links that every
 * mail ends with.
 */
export const subscriberMail = (notice: Notice, foot: readonly NoticeLink[], language: Language): SubscriberMail => {
  const { title, text, facts, links, sender, tone } = notice;
  const body = text === title ? "" : text;
  const line = ({ label, url }: NoticeLink): string => `${label}: ${url}`;
  const plain = [
    title,
    body,
    facts.map(({ label, value }) => `${label}: ${value}`).join("\n"),
    links.map(line).join("\n"),
    `-- \n${sender}\n${foot.map(line).join("\n")}`,
  ];
  const table =
    facts.length === 0
      ? ""
      : `<table style="border-collapse:collapse;margin:0 0 16px">${facts.map(rowHtml).join("")}</table>`;
  return {
    subject: clip(`[${sender}] ${title}`.replaceAll(/\s+/g, " "), 200),
    text: plain.filter((part) => part !== "").join("\n\n"),
    html: `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="${STYLE}"><h1 style="margin:0 0 12px;font-size:20px;color:${COLOURS[tone]}">${escapeHtml(title)}</h1>
${body === "" ? "" : `<p style="margin:0 0 16px;white-space:pre-line">${escapeHtml(body)}</p>`}
${table}
<p style="margin:0 0 8px">${links.map(linkHtml).join(" · ")}</p>
<p style="margin:24px 0 0;color:#5a6572;font-size:13px">${escapeHtml(sender)} · ${foot.map(linkHtml).join(" · ")}</p>
</body></html>`,
  };
};
