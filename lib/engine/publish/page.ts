import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { PageDefinition } from "#lib/core/definitions.ts";

type PagePart = Omit<Snapshot["page"], "createdAt" | "updatedAt">;

/** What customers may know of the page's definition. Everything is named, so that nothing new is published by accident. */
export const pagePart = (page: PageDefinition): PagePart => ({
  name: page.name,
  url: page.url,
  timeZone: page.timeZone,
  languages: [...page.languages],
  ...(page.description === undefined ? {} : { description: page.description }),
  ...(page.logo === undefined ? {} : { logo: page.logo }),
  ...(page.accent === undefined ? {} : { accent: { ...page.accent } }),
  ...(page.footerLinks === undefined ? {} : { footerLinks: page.footerLinks.map((link) => ({ ...link })) }),
  ...(page.searchEngines === undefined ? {} : { searchEngines: page.searchEngines }),
  ...(page.statuspageIndicators === undefined ? {} : { statuspageIndicators: page.statuspageIndicators }),
});
