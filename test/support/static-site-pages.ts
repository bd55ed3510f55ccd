import type { RenderPage } from "#lib/web/page-entry.ts";
import { fakeRenderer } from "./web-site.ts";

/** Pages as the stand-in for Next draws them, with a link that leads to another file of the site. */
export const renderWithLink = (): RenderPage => {
  const { render } = fakeRenderer();
  return async (path) => (await render(path)).replace("<h1>", '<a href="/feed.rss">RSS</a><h1>');
};
