import { AdaptiveCard, SerializationContext, Version } from "adaptivecards";
import type { ChannelType } from "#lib/core/channels/channel.ts";

/** What a service was sent. */
export type Sent = { readonly url: string; readonly headers: Readonly<Record<string, unknown>>; readonly body: string };
/** What it answers. */
export type Answered = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A hosted service as its documentation describes it: what it refuses, and what it answers to what it takes. */
export type HostedService = {
  /** What is wrong with a message; null: it is taken. */
  readonly complaint: (sent: Sent) => string | null;
  readonly taken: (sent: Sent) => Answered;
  readonly refused: (complaint: string) => Answered;
};

type Json = { readonly [key: string]: unknown };
const jsonOf = (sent: Sent): Json => JSON.parse(sent.body) as Json;
const isJson = ({ headers }: Sent): boolean => String(headers["content-type"]).startsWith("application/json");
const lengthOf = (value: unknown): number => (typeof value === "string" ? value.length : Number.NaN);
const within = (value: unknown, most: number): boolean => lengthOf(value) >= 1 && lengthOf(value) <= most;
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const plain = (body: string, status: number): Answered => ({ status, body });
const json = (body: unknown, status: number): Answered => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const textOf = (holder: Json, key = "text"): Json => (holder[key] ?? {}) as Json;
const BLOCKS: Readonly<Record<string, (block: Json) => boolean>> = {
  header: (block) => textOf(block).type === "plain_text" && within(textOf(block).text, 150),
  section: (block) => {
    const fields = listOf(block.fields);
    if (block.text === undefined && fields.length === 0) return false;
    const isTextFine = block.text === undefined || within(textOf(block).text, 3_000);
    return isTextFine && fields.length <= 10 && fields.every((field) => within(field.text, 2_000));
  },
  context: (block) => within(listOf(block.elements)[0]?.text, 3_000) && listOf(block.elements).length <= 10,
  actions: (block) =>
    listOf(block.elements).length <= 25 &&
    listOf(block.elements).every(({ text, url }) => within((text as Json).text, 75) && within(url, 3_000)),
};

const slack: HostedService = {
  complaint: (sent) => {
    if (!isJson(sent)) return "invalid_payload";
    const { text, blocks } = jsonOf(sent);
    if (!within(text, 40_000)) return "no_text";
    const list = listOf(blocks);
    return list.length <= 50 && list.every((block) => BLOCKS[String(block.type)]?.(block) === true)
      ? null
      : "invalid_blocks";
  },
  taken: () => plain("ok", 200),
  refused: (complaint) => plain(complaint, 400),
};

const discord: HostedService = {
  complaint: (sent) => {
    const { embeds, allowed_mentions: mentions } = jsonOf(sent);
    if ((mentions as Json | undefined)?.parse === undefined) return "mentions";
    let total = 0;
    for (const embed of listOf(embeds)) {
      const fields = listOf(embed.fields);
      const footer = String((embed.footer as Json).text);
      if (!within(embed.title, 256) || !within(embed.description, 4_096) || footer.length > 2_048) return "embed";
      if (fields.length > 25 || fields.some(({ name, value }) => !within(name, 256) || !within(value, 1_024)))
        return "field";
      if (Number.isNaN(Date.parse(String(embed.timestamp))) || !Number.isInteger(embed.color)) return "timestamp";
      for (const text of [
        embed.title,
        embed.description,
        footer,
        ...fields.flatMap(({ name, value }) => [name, value]),
      ]) {
        total += lengthOf(text);
      }
    }
    return total <= 6_000 ? null : "total";
  },
  taken: () => plain("", 204),
  refused: (complaint) => json({ message: "Invalid Form Body", code: 50_035, errors: complaint }, 400),
};

const teams: HostedService = {
  complaint: (sent) => {
    if (Buffer.byteLength(sent.body) > 28 * 1_024) return "too large";
    const { type, attachments } = jsonOf(sent);
    const [attachment] = listOf(attachments);
    if (type !== "message" || attachment?.contentType !== "application/vnd.microsoft.card.adaptive") return "no card";
    const context = new SerializationContext(new Version(1, 4));
    const card = new AdaptiveCard();
    card.parse(attachment.content, context);
    if (context.eventCount > 0) return context.getEventAt(0).message;
    const faults = card.validateProperties().validationEvents;
    return faults[0]?.message ?? (card.getItemCount() > 0 ? null : "an empty card");
  },
  taken: () => plain("", 202),
  refused: (complaint) => json({ error: { code: "BadRequest", message: complaint } }, 400),
};

const pagerduty: HostedService = {
  complaint: (sent) => {
    if (Buffer.byteLength(sent.body) > 512_000) return "too large";
    const { routing_key: key, event_action: action, dedup_key: dedup, payload } = jsonOf(sent);
    if (!/^[A-Za-z0-9]{32}$/.test(String(key))) return "'routing_key' is invalid";
    if (!within(dedup, 255)) return "'dedup_key' is invalid";
    if (action === "acknowledge" || action === "resolve") return null;
    if (action !== "trigger") return "'event_action' is invalid";
    const { summary, source, severity, timestamp } = (payload ?? {}) as Json;
    const isKnown = ["critical", "error", "warning", "info"].includes(String(severity));
    const isDated = !Number.isNaN(Date.parse(String(timestamp)));
    return within(summary, 1_024) && within(source, 1_024) && isKnown && isDated ? null : "'payload' is invalid";
  },
  taken: (sent) => json({ status: "success", message: "Event processed", dedup_key: jsonOf(sent).dedup_key }, 202),
  refused: (complaint) =>
    json({ status: "invalid event", message: "Event object is invalid", errors: [complaint] }, 400),
};

const alertmanager: HostedService = {
  complaint: (sent) => {
    if (!sent.url.endsWith("/api/v2/alerts")) return "no such path";
    const alerts = JSON.parse(sent.body) as unknown;
    if (!Array.isArray(alerts) || alerts.length === 0) return "body in body must be of type array";
    for (const { labels, annotations, startsAt, endsAt, generatorURL } of alerts as Json[]) {
      const pairs = [...Object.entries(labels as Json), ...Object.entries(annotations as Json)];
      if (Object.keys(labels as Json).length === 0) return "at least one label pair required";
      if (pairs.some(([name, value]) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || typeof value !== "string"))
        return "label";
      if (!(Date.parse(String(endsAt)) > Date.parse(String(startsAt)))) return "start time must be before end time";
      if (generatorURL !== undefined && !URL.canParse(String(generatorURL))) return "generatorURL must be of type uri";
    }
    return null;
  },
  taken: () => json({}, 200),
  refused: (complaint) => json(complaint, 400),
};

const ntfy: HostedService = {
  complaint: (sent) => {
    const { topic, message, title, priority, tags, actions, click } = jsonOf(sent);
    if (!/^[-_A-Za-z0-9]{1,64}$/.test(String(topic))) return "invalid topic";
    if (typeof message !== "string" || Buffer.byteLength(message) > 4_096 || typeof title !== "string")
      return "too large";
    if (![1, 2, 3, 4, 5].includes(Number(priority)) || !Array.isArray(tags)) return "invalid priority";
    if (listOf(actions).length > 3) return "too many actions";
    return click === undefined || URL.canParse(String(click)) ? null : "invalid click";
  },
  taken: (sent) => json({ id: "abc", event: "message", topic: jsonOf(sent).topic }, 200),
  refused: (complaint) => json({ code: 40_001, http: 400, error: complaint }, 400),
};

export const HOSTED: Readonly<Record<Exclude<ChannelType, "email">, HostedService>> = {
  slack,
  discord,
  teams,
  pagerduty,
  alertmanager,
  ntfy,
};
