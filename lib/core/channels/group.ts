import type { Notice, NoticeLink, Tone } from "./notice.ts";

const WORST_FIRST: readonly Tone[] = ["critical", "warning", "neutral", "good"];

/** More than these nobody reads; the worst are told and the rest counted. */
const MOST_TOLD = 50;

const uniqueLinks = (notices: readonly Notice[]): NoticeLink[] => [
  ...new Map(notices.flatMap(({ links }) => links).map((link) => [link.url, link])).values(),
];

const headline = (name: string, last: readonly Notice[]): string => {
  const over = last.filter(({ phase }) => phase === "ends").length;
  const alerts = `${last.length} ${last.length === 1 ? "alert" : "alerts"}`;
  if (over === last.length) return `${name}: ${alerts} resolved`;
  return `${name}: ${alerts}${over === 0 ? "" : `, ${over} resolved`}`;
};

/** The alerts that are told one by one: all of them in their order, or the worst when there are too many. */
const toldOf = (last: readonly Notice[]): readonly Notice[] =>
  last.length <= MOST_TOLD
    ? last
    : WORST_FIRST.flatMap((tone) => last.filter((notice) => notice.tone === tone)).slice(0, MOST_TOLD);

/**
 * One message for several about one service, in the order in which they happened: of each alert the last word counts. The
 * worst of what is left gives the tone. A single notice stays as it is.
 */
export const groupNotices = (notices: readonly [Notice, ...Notice[]]): Notice => {
  const [first] = notices;
  if (notices.length === 1) return first;
  const last = [...new Map(notices.map((notice) => [notice.thread, notice])).values()];
  const told = toldOf(last);
  const rest = last.length - told.length;
  const beginning = notices.find(({ phase }) => phase === "begins");
  const thread = (beginning ?? first).thread;
  const open = last.filter(({ phase }) => phase !== "ends");
  const severities = (open.length === 0 ? last : open).map(({ severity }) => severity);
  return {
    ...first,
    thread,
    relatedThreads: told.map((notice) => notice.thread).filter((each) => each !== thread),
    tone: WORST_FIRST.find((tone) => last.some((notice) => notice.tone === tone)) ?? "neutral",
    phase: beginning !== undefined ? "begins" : open.length === 0 ? "ends" : "goes_on",
    title: headline(first.serviceName ?? first.serviceId ?? first.sender, last),
    text: [...told.map(({ text }) => text), ...(rest === 0 ? [] : [`And ${rest} more.`])].join("\n"),
    facts: told.map(({ title, facts }) => ({
      label: title,
      value: facts.map(({ label, value }) => `${label}: ${value}`).join(" · "),
    })),
    links: uniqueLinks(told),
    severity: severities.includes("page") ? "page" : (severities.find((each) => each !== null) ?? null),
    beganAtMs: Math.min(...notices.map(({ beganAtMs }) => beganAtMs)),
    endedAtMs:
      open.length === 0 ? Math.max(...last.map(({ endedAtMs, occurredAtMs }) => endedAtMs ?? occurredAtMs)) : null,
    occurredAtMs: Math.max(...notices.map(({ occurredAtMs }) => occurredAtMs)),
  };
};
