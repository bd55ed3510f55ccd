import type { ReactNode } from "react";
import { Fill } from "../../_parts/fill.tsx";
import { Glyph, GlyphSheet } from "../../_parts/glyph.tsx";
import { addressOf } from "../../_view/address.ts";
import type { Role } from "../../_view/state-looks.ts";
import { nameOfLanguage } from "../../_words/index.ts";
import { Footer, Ways } from "./footer.tsx";
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

const Brand = ({ view }: { view: View }) => {
  const { name, logo } = view.snapshot.page;
  return (
    <a className="brand" href={addressOf("/", view)}>
      {logo === undefined ? null : <img src={logo} alt="" height={28} />}
      <b>{name}</b> <span>{view.format.words.status}</span>
    </a>
  );
};

/** Where the reader stands below the first page. */
export const Up = ({ view, path, name }: { view: View; path: string; name: string }) => (
  <p className="up">
    <a href={addressOf(path, view)}>{name}</a>
  </p>
);

type FrameProps = {
  view: View;
  /** Null: a page about the past or the future, on plain ground. */
  role: Role | null;
  say: ReactNode;
  children: ReactNode;
};

/** What every public page has around it: banners, name, languages, the top with its sentence, and the foot. */
export const Frame = ({ view, role, say, children }: FrameProps) => {
  const { words, timeZone } = view.format;
  return (
    <>
      <GlyphSheet />
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <StaleBanner view={view} />
      {view.snapshot.isDemo ? <DemoBanner view={view} /> : null}
      <header className={`top ${role ?? "plain"}`}>
        <div className="wrap">
          <div className="bar">
            <Brand view={view} />
            <LanguageLinks view={view} />
          </div>
          <div className="say">
            {say}
            <p className="asof" data-zone={timeZone}>
              <Fill text={words.dataAsOf} time={<AsOf />} /> <Ways view={view} />
            </p>
          </div>
        </div>
      </header>
      <main id="main" className="wrap">
        {children}
      </main>
      <Footer view={view} />
      <template data-cut="script" />
    </>
  );
};
