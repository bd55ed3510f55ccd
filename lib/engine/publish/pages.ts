import type { SnapshotPage } from "#lib/contracts/snapshot-pages.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import type { ExtraPageDefinition, PageDefinition, PageReach } from "#lib/core/definitions.ts";

type Service = { readonly id: string; readonly group: string | null };

const isInGroup = (group: string | null, name: string): boolean =>
  group !== null && (group === name || group.startsWith(`${name} / `));

/** The services that a page shows, in their order. */
const servicesOn = ({ services, groups }: PageReach, all: readonly Service[]): string[] =>
  services === undefined && groups === undefined
    ? all.map(({ id }) => id)
    : all
        .filter(({ id, group }) => services?.includes(id) === true || groups?.some((name) => isInGroup(group, name)))
        .map(({ id }) => id);

const partOf = (
  page: PageDefinition | ExtraPageDefinition,
  { id, all }: { readonly id: string; readonly all: readonly Service[] },
): SnapshotPage => ({
  id,
  name: page.name,
  url: page.url,
  timeZone: page.timeZone,
  languages: [...page.languages],
  ...(page.description === undefined ? {} : { description: page.description }),
  hosts: [...(page.hosts ?? [])],
  audience:
    page.audience?.kind === "networks"
      ? { kind: "networks", networks: [...page.audience.networks] }
      : (page.audience ?? { kind: "public" }),
  serviceIds: servicesOn(page, all),
});

/** The pages of a snapshot, the main one first; nothing where there is one page for everybody and everything. */
export const pagesPart = (
  page: PageDefinition,
  others: readonly ExtraPageDefinition[],
  all: readonly Service[],
): { readonly pages?: SnapshotPage[] } => {
  const isPlain =
    others.length === 0 &&
    page.hosts === undefined &&
    page.services === undefined &&
    page.groups === undefined &&
    (page.audience ?? { kind: "public" }).kind === "public";
  if (isPlain) return {};
  return {
    pages: [partOf(page, { id: MAIN_PAGE_ID, all }), ...others.map((other) => partOf(other, { id: other.id, all }))],
  };
};
