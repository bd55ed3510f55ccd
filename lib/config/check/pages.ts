import type { Fault } from "../config-error.ts";
import { isMapping } from "../read-document.ts";
import type { Ids, Placed } from "../references.ts";
import { checkReferences, collectIds, entriesOf, fieldOf, mappingsOf } from "../references.ts";
import type { Suggest } from "../suggest.ts";

type Deps = { readonly services: Ids; readonly suggest: Suggest };

/** Groups that no service is in: the page would be empty without a word. */
const checkGroups = (page: Placed, root: Placed): Fault[] => {
  const groups = mappingsOf(root, "services").flatMap(({ value }) =>
    typeof value.group === "string" ? value.group : [],
  );
  return entriesOf(page, "groups").flatMap(({ path, value }): Fault[] =>
    typeof value !== "string" || groups.some((group) => group === value || group.startsWith(`${value} / `))
      ? []
      : [{ path, kind: "reference", message: "no service is in this group" }],
  );
};

const checkAudience = (page: Placed): Fault[] => {
  const { path, value } = fieldOf(page, "audience");
  if (!isMapping(value)) return [];
  const said = ["sign_in", "networks"].filter((key) => value[key] !== undefined);
  if (said.length === 1) return [];
  return said.length === 0
    ? [{ path, kind: "missing", message: "needs sign_in or networks" }]
    : [{ path, kind: "conflict", message: "takes sign_in or networks, not both" }];
};

/** A host leads to one page. */
const checkHosts = (pages: readonly Placed[]): Fault[] => {
  const seen = new Set<unknown>();
  return pages
    .flatMap((page) => entriesOf(page, "hosts"))
    .flatMap(({ path, value }): Fault[] => {
      if (typeof value !== "string") return [];
      if (seen.has(value)) return [{ path, kind: "duplicate", message: "leads to a page already" }];
      seen.add(value);
      return [];
    });
};

/** Checks what pages refer to, and that each of them can be reached. */
export const checkPages = (root: Placed, { services, suggest }: Deps): Fault[] => {
  const main = fieldOf(root, "page");
  const others = mappingsOf(root, "pages");
  const hostless = others.flatMap((page): Fault[] => {
    const { path, value } = fieldOf(page, "hosts");
    return value === undefined || (Array.isArray(value) && value.length === 0)
      ? [{ path, kind: "missing", message: "is needed: a page beside the main one is found by its host" }]
      : [];
  });
  const ids = collectIds("page", [root], "pages", { isOptional: true });
  const reserved = others.flatMap((page): Fault[] =>
    page.value.id === "main"
      ? [{ path: fieldOf(page, "id").path, kind: "duplicate", message: "is the main page's" }]
      : [],
  );
  return [
    ...ids.faults,
    ...reserved,
    ...hostless,
    ...checkHosts([main, ...others]),
    ...[main, ...others].flatMap((page) => [
      ...checkReferences(page, "services", services, suggest),
      ...checkGroups(page, root),
      ...checkAudience(page),
    ]),
  ];
};
