import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { Language } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";

/** What feeds, calendar, badges and widget are made from: the page as its visitors may see it, and nothing else. */
export type FeedArgs = {
  readonly snapshot: Snapshot;
  /** Used when the page has no configured address. */
  readonly fallbackUrl: string;
  /** The data is too old to be believed. */
  readonly isStale: boolean;
};

export type FeedFile = { readonly contentType: string; readonly body: string };

/** The address of the page that links begin with. */
export const urlOf = ({ snapshot, fallbackUrl }: FeedArgs): string => snapshot.page.url ?? fallbackUrl;

/** `lang` when it is a language of the page, else the page's first. */
export const languageOf = ({ snapshot }: FeedArgs, query: URLSearchParams): Language => {
  const asked = query.get("lang");
  return snapshot.page.languages.find((one) => one === asked) ?? (snapshot.page.languages[0] as Language);
};

/**
 * The services that `?component=` names, by their id or by that of the Statuspage API; a group names all of its services.
 * Null: nothing is asked for, so everything is meant.
 * @throws AppError NOT_FOUND: the page shows no such thing, whether or not it exists.
 */
export const componentsOf = ({ snapshot }: FeedArgs, query: URLSearchParams): ReadonlySet<string> | null => {
  const asked = query.get("component");
  if (asked === null) return null;
  const own = snapshot.services.filter(({ id }) => id === asked || statuspageId("component", id) === asked);
  const group = snapshot.groups.find(({ id }) => id === asked || statuspageId("group", id) === asked);
  const members = group === undefined ? [] : snapshot.services.filter(({ groupId }) => groupId === group.id);
  const found = [...own, ...members].map(({ id }) => id);
  if (found.length === 0) throw new AppError("NOT_FOUND", "the page shows no such component");
  return new Set(found);
};

/** Whether something about these services is meant. */
export const isMeant = (components: ReadonlySet<string> | null, serviceIds: readonly string[]): boolean =>
  components === null || serviceIds.some((id) => components.has(id));

/** `tag:host,year:` of the page, with which every id of a feed begins (RFC 4151). */
export const tagPrefix = (args: FeedArgs): string =>
  `tag:${new URL(urlOf(args)).hostname},${args.snapshot.page.createdAt.slice(0, 4)}:`;
