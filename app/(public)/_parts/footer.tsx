import { Fill } from "../../_parts/fill.tsx";
import { addressOf } from "../../_view/address.ts";
import type { View } from "./view.ts";

/** Feeds and the like: what a reader may subscribe to. */
export const Ways = ({ view }: { view: View }) => {
  const { links } = view.format.words;
  const ways = [
    { name: links.subscription, href: addressOf("/subscribe", view) },
    { name: "RSS", href: "/feed.rss" },
    { name: "Atom", href: "/feed.atom" },
    { name: links.calendar, href: "/calendar.ics" },
  ];
  return (
    <Fill
      text={links.updatesBy}
      ways={ways.map(({ name, href }, index) => (
        <span key={href}>
          {index === 0 ? "" : ", "}
          <a href={href}>{name}</a>
        </span>
      ))}
    />
  );
};

/** Filled by the page's script; without it nothing is there. */
const Tools = ({ view }: { view: View }) => {
  const { tools, stale } = view.format.words;
  return (
    <div
      id="tools"
      hidden
      role="group"
      aria-label={tools.label}
      data-theme={tools.theme}
      data-system={tools.themes.system}
      data-light={tools.themes.light}
      data-dark={tools.themes.dark}
      data-local={tools.localTimes}
      data-filter={tools.filter}
      data-nothing={tools.nothingFound}
      data-stale={stale.title}
    />
  );
};

/** The foot of every page: what it is, other pages, feeds, the owner's links. */
export const Footer = ({ view }: { view: View }) => {
  const { footer, links } = view.format.words;
  const { description, footerLinks = [] } = view.snapshot.page;
  return (
    <footer className="foot">
      <div className="wrap">
        <div>
          {description === undefined ? null : <p>{description}</p>}
          <p>{`${footer.times.replace("{zone}", view.format.zone(view.now))} ${footer.measuredBy}`}</p>
          <Tools view={view} />
        </div>
        <nav aria-label={footer.more}>
          <ul>
            <li>
              <a href={addressOf("/incidents", view)}>{links.incidents}</a>
            </li>
            <li>
              <a href={addressOf("/maintenance", view)}>{links.maintenance}</a>
            </li>
            <li>
              <a href={addressOf("/history", view)}>{links.history}</a>
            </li>
            <li>
              <a href="/api/v2/summary.json">API</a>
            </li>
            <li>
              <a href="/openapi.json">{footer.openApi}</a>
            </li>
            {footerLinks.map(({ label, url }) => (
              <li key={url}>
                <a href={url} rel="noopener">
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
    </footer>
  );
};
