import type { ReactNode } from "react";
import { GlyphSheet } from "../../_parts/glyph.tsx";

/** What every page for signed-in readers has around it. */
export const AdminFrame = ({ current, children }: { current: "slos"; children: ReactNode }) => (
  <>
    <GlyphSheet />
    <a className="skip" href="#main">
      Skip to content
    </a>
    <header className="app">
      <div className="wrap bar">
        <a className="brand" href="/admin/slos">
          Nines
        </a>
        <nav aria-label="Main">
          <ul>
            <li>
              <a href="/admin/slos" aria-current={current === "slos" ? "page" : undefined}>
                SLOs
              </a>
            </li>
            <li>
              <a href="/">Status page</a>
            </li>
          </ul>
        </nav>
        <form method="post" action="/admin/session/end">
          <button type="submit" className="plain">
            Sign out
          </button>
        </form>
      </div>
    </header>
    <main id="main" className="wrap">
      {children}
    </main>
  </>
);
