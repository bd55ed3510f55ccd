import type { ReactNode } from "react";
import { Fill } from "../../_parts/fill.tsx";
import { Glyph, GlyphSheet } from "../../_parts/glyph.tsx";
import type { Role } from "../../_view/state-looks.ts";
import { nameOfLanguage } from "../../_words/index.ts";
import { AsOf } from "./instant.tsx";
import type { View } from "./view.ts";

/** Cut out by the page cache while the data is fresh; see the two markers. */
const StaleBanner = ({ view }: { view: View }) => {
  const { stale } = view.format.words;
  return (
    <>
      <template data-cut="stale-start" />
      <div className="notice degraded" role="status">
        <p className="wrap">
          <Glyph role="none" />
          <span>
            <strong>{stale.title}</strong> <Fill text={stale.text} time={<AsOf />} />
          </span>
        </p>
      </div>
      <template data-cut="stale-end" />
    </>
  );
};

const DemoBanner = ({ view }: { view: View }) => {
  const { demo } = view.format.words;
  return (
    <aside className="notice maint" aria-label={demo.title}>
      <p className="wrap">
        <Glyph role="maint" />
        <span>
          <strong>{demo.title}</strong> {demo.text} <Fill text={demo.how} file={<code>nines.yaml</code>} />
        </span>
      </p>
    </aside>
  );
};

const LanguageLinks = ({ view }: { view: View }) => {
  const { languages } = view.snapshot.page;
  if (languages.length < 2) return null;
  return (
    <nav aria-label={view.format.words.languages}>
      <ul className="langs">
        {languages.map((language) => (
          <li key={language}>
            <a
              href={`?lang=${language}`}
              lang={language}
              hrefLang={language}
              aria-current={language === view.language ? "true" : undefined}
            >
              {nameOfLanguage(language)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
};

const Footer = ({ view }: { view: View }) => {
  const { footer } = view.format.words;
  return (
    <footer className="foot">
      <div className="wrap">
        <p>{`${footer.times.replace("{zone}", view.format.zone(view.now))} ${footer.measuredBy}`}</p>
        <nav aria-label={footer.more}>
          <ul>
            <li>
              <a href="/api/v2/summary.json">API</a>
            </li>
            <li>
              <a href="/openapi.json">{footer.openApi}</a>
            </li>
          </ul>
        </nav>
      </div>
    </footer>
  );
};

/** What every public page has around it: banners, name, languages, the tinted top with its sentence, and the foot. */
export const Frame = (props: { view: View; role: Role; say: ReactNode; children: ReactNode }) => {
  const { view, role, say, children } = props;
  const { words } = view.format;
  const address = `/?lang=${view.language}`;
  return (
    <>
      <GlyphSheet />
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <StaleBanner view={view} />
      {view.snapshot.isDemo ? <DemoBanner view={view} /> : null}
      <header className={`top ${role}`}>
        <div className="wrap">
          <div className="bar">
            <a className="brand" href={view.language === view.snapshot.page.languages[0] ? "/" : address}>
              {view.snapshot.page.name} <span>{words.status}</span>
            </a>
            <LanguageLinks view={view} />
          </div>
          <div className="say">
            {say}
            <p className="asof">
              <Fill text={words.dataAsOf} time={<AsOf />} />
            </p>
          </div>
        </div>
      </header>
      <main id="main" className="wrap">
        {children}
      </main>
      <Footer view={view} />
    </>
  );
};
