import type { Role } from "../_view/state-looks.ts";

/** The shapes of the states, once a page; `Glyph` points at them. */
export const GlyphSheet = () => (
  <svg className="sheet" fillRule="evenodd">
    <symbol id="g-ok" viewBox="0 0 16 16">
      <path d="M8 0a8 8 0 100 16A8 8 0 008 0zm4.2 5.9-5.3 5.3-3.2-3.2 1.3-1.3 1.9 1.9 4-4z" />
    </symbol>
    <symbol id="g-degraded" viewBox="0 0 16 16">
      <path d="M8 .6 16 15H0zM7.1 5.6v4.6h1.8V5.6zm0 5.8v1.8h1.8v-1.8z" />
    </symbol>
    <symbol id="g-partial" viewBox="0 0 16 16">
      <path d="m8 0 8 8-8 8-8-8zM3.2 8h9.6L8 3.2z" />
    </symbol>
    <symbol id="g-major" viewBox="0 0 16 16">
      <path d="M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7zm.6 4L4 5.3 6.7 8 4 10.7 5.3 12 8 9.3l2.7 2.7 1.3-1.3L9.3 8 12 5.3 10.7 4 8 6.7z" />
    </symbol>
    <symbol id="g-maint" viewBox="0 0 16 16">
      <path d="M2 0h12a2 2 0 012 2v12a2 2 0 01-2 2H2a2 2 0 01-2-2V2a2 2 0 012-2zm1.5 3.6v1.7h9V3.6zm0 3.5v1.7h9V7.1zm0 3.5v1.7h9v-1.7z" />
    </symbol>
    <symbol id="g-none" viewBox="0 0 16 16">
      <circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" strokeWidth="1.9" strokeDasharray="2.75" />
    </symbol>
  </svg>
);

/** Always beside a word: the shape alone says nothing to a screen reader. */
export const Glyph = ({ role }: { role: Role }) => (
  <svg className={`glyph ${role}`} aria-hidden="true">
    <use href={`#g-${role}`} />
  </svg>
);

/** Glyph, word and colour together: the only way a state is shown. */
export const StateMark = ({ role, word }: { role: Role; word: string }) => (
  <span className={`state ${role}`}>
    <Glyph role={role} />
    {word}
  </span>
);
