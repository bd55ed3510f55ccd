import type { ReactNode } from "react";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { GlyphSheet } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { nameOfLanguage } from "../../_words/index.ts";
import { PreferenceSelect } from "./preferences.client.tsx";
import type { AdminView } from "./view.ts";
import { adminTheme, pageZone } from "./view.ts";

/** The parts of the dashboards, in the order of the navigation. */
const SECTIONS = {
  overview: "/admin/slos",
  onCall: "/admin/on-call",
  incidents: "/admin/incidents",
  services: "/admin/services",
  webhooks: "/admin/webhooks",
  admin: "/admin/settings",
} as const;
export type Section = keyof typeof SECTIONS;

const Navigation = ({ current, words }: { current: Section | null; words: AdminView["words"]["frame"] }) => (
  <nav aria-label={words.navigation}>
    <ul>
      {Object.entries(SECTIONS).map(([section, href]) => (
        <li key={section}>
          <a href={href} aria-current={current === section ? "page" : undefined}>
            {words[section as Section]}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);

/** Language, time zone and theme of the dashboards, and who is signed in. */
const ViewChoices = async ({ view }: { view: AdminView }) => {
  const { frame } = view.words;
  const zone = pageZone();
  const zones = [
    { value: "", label: fillText(frame.pageZone, { zone }) },
    ...(zone === "UTC" ? [] : [{ value: "UTC", label: "UTC" }]),
    ...(view.timeZone === zone || view.timeZone === "UTC" ? [] : [{ value: view.timeZone, label: view.timeZone }]),
  ];
  const themes = [
    { value: "", label: frame.themes.system },
    { value: "light", label: frame.themes.light },
    { value: "dark", label: frame.themes.dark },
  ];
  return (
    <footer className="wrap choices">
      <PreferenceSelect
        preference="language"
        label={frame.language}
        value={view.language}
        choices={LANGUAGES.map((language) => ({ value: language, label: nameOfLanguage(language) }))}
      />
      <PreferenceSelect
        preference="timeZone"
        label={frame.timeZone}
        value={view.timeZone === zone ? "" : view.timeZone}
        choices={zones}
        deviceLabel={frame.browserZone}
      />
      <PreferenceSelect preference="theme" label={frame.theme} value={(await adminTheme()) ?? ""} choices={themes} />
      <p className="small soft">
        <a href="/admin/account">{fillText(frame.signedInAs, { name: view.session.name, role: view.session.role })}</a>{" "}
        · <a href="/">{frame.statusPage}</a>
      </p>
    </footer>
  );
};

/** What every page for signed-in readers has around it. */
export const AdminFrame = ({
  current,
  view,
  children,
}: {
  current: Section | null;
  view: AdminView;
  children: ReactNode;
}) => (
  <>
    <GlyphSheet />
    <a className="skip" href="#main">
      {view.words.frame.skip}
    </a>
    <header className="app">
      <div className="wrap bar">
        <a className="brand" href="/admin/slos">
          Nines
        </a>
        <Navigation current={current} words={view.words.frame} />
        <form method="post" action="/admin/session/end">
          <button type="submit" className="plain">
            {view.words.frame.signOut}
          </button>
        </form>
      </div>
    </header>
    <main id="main" className="wrap">
      {children}
    </main>
    <ViewChoices view={view} />
  </>
);
