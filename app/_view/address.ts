import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";

type Place = { readonly snapshot: Snapshot; readonly language: Language };

/** The address of a page within the site: the language goes along when it is not the page's first. `anchor` without "#". */
export const addressOf = (path: string, { language, snapshot }: Place, anchor?: string): string => {
  const query = language === snapshot.page.languages[0] ? "" : `?lang=${language}`;
  return `${path}${query}${anchor === undefined ? "" : `#${anchor}`}`;
};

export const serviceAddress = ({ id }: { readonly id: string }, place: Place, anchor?: string): string =>
  addressOf(`/services/${id}`, place, anchor);

export const incidentAddress = ({ id }: { readonly id: string }, place: Place): string =>
  addressOf(`/incidents/${id}`, place);
