import { marked } from "marked";
import sanitizeHtml from "sanitize-html";
import { escapeHtml } from "#lib/core/escape-html.ts";

/**
 * Texts of incidents: markdown in, a short list of harmless elements out (T7). What is not on the list is shown as text or
 * left out: raw HTML, images, styles, ids, links to anything but web and mail addresses.
 */

const ALLOWED_TAGS = [
  ...["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"],
  ...["h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"],
];
/** Headings of a text stand below those of the page. */
const LOWERED: Readonly<Record<string, string>> = { h1: "h3", h2: "h4", h3: "h5", h4: "h6", h5: "h6" };

const RULES: sanitizeHtml.IOptions = {
  allowedTags: ALLOWED_TAGS,
  allowedAttributes: { a: ["href", "rel"], ol: ["start"] },
  allowedSchemes: ["https", "http", "mailto"],
  allowProtocolRelative: false,
  disallowedTagsMode: "discard",
  transformTags: {
    ...Object.fromEntries(
      Object.entries(LOWERED).map(([from, to]) => [from, sanitizeHtml.simpleTransform(to, {}, false)]),
    ),
    a: sanitizeHtml.simpleTransform("a", { rel: "noopener nofollow" }),
  },
  // A link whose address was refused is its words.
  exclusiveFilter: ({ tag, attribs }) => (tag === "a" && !attribs.href ? "excludeTag" : false),
};

const renderer = new marked.Renderer();
// Raw HTML is text: what people typed stays readable and does nothing.
renderer.html = ({ text }) => escapeHtml(text);
renderer.image = ({ text }) => escapeHtml(text);

/** Markdown as safe HTML. The same text gives the same bytes. */
export const incidentHtml = (markdown: string): string => {
  const html = marked.parse(markdown.replaceAll("\u0000", ""), { async: false, gfm: true, breaks: true, renderer });
  return sanitizeHtml(html, RULES).trim();
};

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** Markdown as plain text, for feeds, mails and messages that know no markup. */
export const plainText = (markdown: string): string =>
  sanitizeHtml(incidentHtml(markdown).replace(/<(?:br|\/p|\/li|\/h\d|\/tr|\/pre)[^>]*>/g, "$&\n"), {
    allowedTags: [],
    allowedAttributes: {},
  })
    .replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .replace(/\n{3,}/g, "\n\n")
    .trim();
