/** A field of the file in the words of the API: `max_redirects` is `maxRedirects`. */
export const camelOf = (key: string): string =>
  key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Mappings that are replaced as a whole by a merge patch: an address stands in them beside credentials. */
export const WHOLE: ReadonlySet<string> = new Set(["source"]);
