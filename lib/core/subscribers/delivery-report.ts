/** What became of a mail, as the report of a mail server says it (RFC 3464). */
export type DeliveryReport = {
  /** Of the mail that the report is about; null: it does not say. */
  readonly messageId: string | null;
  /** Addresses that the failure is of, as the report names them. */
  readonly recipients: readonly string[];
  readonly action: string;
  /** Such as "5.1.1". */
  readonly status: string;
};

export type BounceKind = "hard" | "soft" | "ignored";

type Part = { readonly headers: ReadonlyMap<string, string>; readonly body: string };

const MOST_PARTS = 20;
const MOST_HEADERS = 500;

/** Fields of a block of headers by name in lower case; folded lines are joined, the first of equal names counts. */
const fieldsOf = (block: string): Map<string, string> => {
  const fields = new Map<string, string>();
  for (const line of block
    .replaceAll(/\n[ \t]+/g, " ")
    .split("\n")
    .slice(0, MOST_HEADERS)) {
    const at = line.indexOf(":");
    const name = line.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (/^[a-z0-9-]+$/.test(name) && !fields.has(name)) fields.set(name, line.slice(at + 1).trim());
  }
  return fields;
};

const partOf = (text: string): Part => {
  const end = text.indexOf("\n\n");
  return end === -1
    ? { headers: fieldsOf(text), body: "" }
    : { headers: fieldsOf(text.slice(0, end)), body: text.slice(end + 2) };
};

const typeOf = ({ headers }: Part): string =>
  (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

const BOUNDARY = /;\s*boundary\s*=\s*(?:"([^"\n]{1,70})"|([^\s;"]{1,70}))/i;

/** The parts of a multipart message; null when it is none. */
const partsOf = (whole: Part): Part[] | null => {
  const [, quoted, bare] = BOUNDARY.exec(whole.headers.get("content-type") ?? "") ?? [];
  const boundary = quoted ?? bare;
  if (typeOf(whole) !== "multipart/report" || boundary === undefined) return null;
  const pieces = `\n${whole.body}`.split(`\n--${boundary}`).slice(1, MOST_PARTS);
  return pieces.filter((piece) => !piece.startsWith("--")).map((piece) => partOf(piece.replace(/^[ \t]*\n/, "")));
};

/** "rfc822; ada@example.com" and the like. */
const addressIn = (field: string | undefined): string[] => {
  const address =
    field
      ?.replace(/^[^;]*;/, "")
      .trim()
      .replace(/^<(.*)>$/, "$1") ?? "";
  return address.includes("@") ? [address] : [];
};

const HEADERS_OF_MAIL = new Set(["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"]);

/**
 * Reads the report of a mail server: the message as it came, at most some hundred kilobytes. The first recipient that the
 * report tells a failure of counts, else the first. Null: it is no report of delivery.
 */
export const readDeliveryReport = (raw: string): DeliveryReport | null => {
  const text = raw.replaceAll("\r\n", "\n");
  const parts = partsOf(partOf(text)) ?? [];
  const told = parts.find((part) => typeOf(part) === "message/delivery-status");
  if (told === undefined) return null;
  const blocks = told.body
    .split(/\n{2,}/)
    .map(fieldsOf)
    .filter((fields) => fields.has("action") && fields.has("status"));
  const about = blocks.find((fields) => fields.get("action")?.toLowerCase() === "failed") ?? blocks[0];
  const status = /^\s*([245]\.\d{1,3}\.\d{1,3})/.exec(about?.get("status") ?? "")?.[1];
  if (about === undefined || status === undefined) return null;
  const mail = parts.find((part) => HEADERS_OF_MAIL.has(typeOf(part)));
  return {
    messageId: mail === undefined ? null : (partOf(mail.body).headers.get("message-id") ?? null),
    recipients: [...addressIn(about.get("original-recipient")), ...addressIn(about.get("final-recipient"))],
    action: about.get("action")?.toLowerCase() ?? "",
    status,
  };
};

const OF_OUR_MAIL = /^<[^<>@\s]{1,200}\.(sub_[0-9a-f]{32})@[^<>@\s]{1,255}>$/;

/** The subscriber that a mail of ours was for, by its Message-ID: nobody else knows it. Null: the mail is not ours. */
export const subscriberOfMail = (messageId: string | null): string | null =>
  OF_OUR_MAIL.exec(messageId ?? "")?.[1] ?? null;

/** Enhanced status codes (RFC 3463) by which there is no such mailbox, and never will be. */
const GONE = /^5\.(?:1\.(?:1|2|3|6|10)|2\.1)$/;
/** What is said of the sender, of the text or of the conversation is for the page's owner to mend. */
const OF_THE_SENDER = /^5\.(?:1\.[78]|3\.4|[567]\.\d+)$/;

/** What a report means for a subscription: the mailbox is gone, something failed, or nothing that counts against it. */
export const bounceKind = ({ action, status }: Pick<DeliveryReport, "action" | "status">): BounceKind => {
  if (action !== "failed" || status.startsWith("2")) return "ignored";
  if (GONE.test(status)) return "hard";
  return OF_THE_SENDER.test(status) ? "ignored" : "soft";
};
