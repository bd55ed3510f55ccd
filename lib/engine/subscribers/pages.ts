import type { ConfigDocument } from "#db/queries/config.ts";
import { dataOnPage, viewOfPage } from "#lib/contracts/page-view.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import { tellingOf } from "#lib/core/subscribers/audience.ts";
import { pagesPart } from "../publish/pages.ts";
import type { PageFacts } from "./parcel.ts";

type Args = {
  readonly document: Pick<ConfigDocument, "page" | "pages">;
  readonly services: readonly { readonly id: string; readonly name: string; readonly group: string | null }[];
  readonly snapshot: Snapshot | null;
  readonly mailFrom: string | null;
};

/**
 * What messages of each page are made of. A page tells its subscribers of its own services and of no others, as the
 * configuration has it when a message is sent, so that a service that was taken off a page is not told there any more.
 */
export const pageFactsBy = (args: Args): ((pageId: string) => PageFacts | null) => {
  const { document, services, snapshot, mailFrom } = args;
  const { pages } = pagesPart(document.page, document.pages, services);
  const names = new Map(services.map(({ id, name }) => [id, name]));
  const shared = { serviceName: (id: string) => names.get(id) ?? id, mailFrom };
  const { name, url, timeZone } = document.page;
  if (pages === undefined) {
    const only: PageFacts = { ...shared, name, url, timeZone, snapshot, onPage: (event) => event };
    return (pageId) => (pageId === MAIN_PAGE_ID ? only : null);
  }
  return (pageId) => {
    const page = pages.find(({ id }) => id === pageId);
    if (page === undefined) return null;
    return {
      ...shared,
      name: page.name,
      url: page.url,
      timeZone: page.timeZone,
      snapshot: snapshot === null ? null : viewOfPage({ ...snapshot, pages }, page),
      onPage: (event) => {
        const telling = tellingOf(event.type, event.subject, event.data);
        const data = telling === null ? null : dataOnPage(event.data, telling.serviceIds, page);
        return data === null ? null : { ...event, data };
      },
    };
  };
};
