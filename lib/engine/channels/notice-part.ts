import type { EventType } from "#lib/contracts/events.ts";
import type { Notice, NoticeLink } from "#lib/core/channels/notice.ts";
import { plainText } from "#lib/core/channels/notice.ts";

/** A stored event, and what a message needs to name things as people know them. */
export type EventToTell = {
  readonly id: string;
  readonly type: EventType;
  readonly subject: string;
  readonly occurredAtMs: number;
  readonly data: unknown;
};
export type Naming = {
  readonly page: { readonly name: string; readonly url: string | null };
  readonly serviceName: (id: string) => string | null;
};

export type Part = Pick<Notice, "tone" | "phase" | "title" | "text" | "facts"> &
  Partial<Pick<Notice, "links" | "serviceId" | "serviceName" | "severity" | "beganAtMs" | "endedAtMs" | "thread">>;

/** A link to a path of the page; none when the page has no address. */
export const link = (naming: Naming, label: string, path: string): NoticeLink[] =>
  naming.page.url === null ? [] : [{ label, url: `${naming.page.url}${path}` }];

/** A line of a message, as plain text; none for nothing. */
export const fact = (label: string, value: string | null): { label: string; value: string }[] =>
  value === null || value === "" ? [] : [{ label, value: plainText(value) }];

/** An instant in ISO 8601 as people read it, in UTC, to the minute. */
export const clock = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
