import type { PageDefinition } from "#lib/core/definitions.ts";
import type { ConfigFile } from "../schema.ts";
import { toReach } from "./pages.ts";

const withoutTrailingSlash = (url: string): string => new URL(url).href.replace(/\/+$/, "");

/** The page of a file without faults, defaults filled in. What is not said is left out, so that older documents stay equal. */
export const toPage = ({ page, services }: ConfigFile): PageDefinition => {
  const hidden = services.filter((service) => service.publish_slos === false).map(({ id }) => id);
  return {
    name: page?.name ?? "Status",
    url: page?.url === undefined ? null : withoutTrailingSlash(page.url),
    timeZone: page?.time_zone ?? "UTC",
    languages: page?.languages ?? ["en"],
    ...(page?.description === undefined ? {} : { description: page.description }),
    ...(page?.logo === undefined ? {} : { logo: page.logo }),
    ...(page?.accent === undefined ? {} : { accent: page.accent }),
    ...(page?.footer_links === undefined ? {} : { footerLinks: page.footer_links }),
    ...(page?.search_engines === undefined ? {} : { searchEngines: page.search_engines }),
    ...(page?.statuspage_indicators === undefined ? {} : { statuspageIndicators: page.statuspage_indicators }),
    ...(hidden.length === 0 ? {} : { servicesWithoutSlos: hidden }),
    ...(page === undefined ? {} : toReach(page)),
  };
};
