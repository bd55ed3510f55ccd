import { escapeHtml } from "../escape-html.ts";

/** What XML 1.0 forbids even as a reference (section 2.2): control characters, halves of surrogate pairs, two non-characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that have to go.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

/** A text without the characters that no XML document may hold. */
export const withoutForbidden = (text: string): string => text.replace(FORBIDDEN, "");

/** A text as it may stand in an element or in a quoted attribute of XML. */
export const xmlText = (text: string): string => escapeHtml(withoutForbidden(text));

/** `<name a="1">content</name>`; the content is XML already, attribute values are plain text. */
export const element = (name: string, content: string, attributes: Readonly<Record<string, string>> = {}): string => {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlText(value)}"`);
  return content === "" ? `<${name}${pairs.join("")}/>` : `<${name}${pairs.join("")}>${content}</${name}>`;
};
