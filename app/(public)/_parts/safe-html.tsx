/**
 * The one place where HTML is put into a page as it is: what people wrote as markdown, made safe when it was published
 * (lib/contracts/markdown.ts; a short list of elements, no attributes but checked links).
 */
export const SafeHtml = ({ html }: { html: string }) => (
  <div className="prose" dangerouslySetInnerHTML={{ __html: html }} />
);
