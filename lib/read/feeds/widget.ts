import type { PublicState } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { escapeHtml } from "#lib/core/escape-html.ts";
import { worstState } from "#lib/core/status/severity.ts";
import type { FeedArgs, FeedFile } from "./feed-args.ts";
import { componentsOf, isMeant, languageOf, urlOf } from "./feed-args.ts";
import { incidentName } from "./feed-items.ts";
import { FEED_WORDS } from "./words.ts";

/** Its hash stands in the policy of `/widget`, so it is the same bytes for everybody. */
export const WIDGET_STYLE = `:root{color-scheme:light dark;--bg:#fff;--text:#1b1b18;--soft:#5c5c55;--line:#e4e4e0;--operational:#23804d;--degraded_performance:#8a5a00;--partial_outage:#b04408;--major_outage:#b3261e;--under_maintenance:#3557b7;--unknown:#5c5c66}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){--bg:#131413;--text:#ecece8;--soft:#a3a59f;--line:#2d2f2d;--operational:#67c793;--degraded_performance:#e0aa4a;--partial_outage:#f0935a;--major_outage:#f28b82;--under_maintenance:#93b4ff;--unknown:#a3a5ad}}
:root[data-theme=dark]{color-scheme:dark;--bg:#131413;--text:#ecece8;--soft:#a3a59f;--line:#2d2f2d;--operational:#67c793;--degraded_performance:#e0aa4a;--partial_outage:#f0935a;--major_outage:#f28b82;--under_maintenance:#93b4ff;--unknown:#a3a5ad}
:root[data-theme=light]{color-scheme:light}
body{margin:0;padding:.75rem 1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--bg);color:var(--text);font:.875rem/1.45 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans","Noto Sans KR",sans-serif}
a{color:inherit}h1{margin:0;font-size:1rem}ul{margin:.5rem 0 0;padding:0;list-style:none}li{margin:.25rem 0}
.dot{display:inline-block;inline-size:.625rem;block-size:.625rem;margin-inline-end:.5rem;border-radius:50%;background:currentcolor}
.down .dot{border-radius:0}.soft{color:var(--soft)}
${["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance", "unknown"]
  .map((state) => `.${state}{color:var(--${state})}`)
  .join("")}
`;

const CLOSED: ReadonlySet<string> = new Set(["resolved", "postmortem"]);

const headline = (state: PublicState, language: Language): string => {
  const words = FEED_WORDS[language];
  if (state === "operational") return words.allWell;
  const text = words.states[state];
  return text.slice(0, 1).toLocaleUpperCase(language) + text.slice(1);
};

const listOf = (items: readonly string[]): string =>
  items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;

const themeOf = (query: URLSearchParams): string => {
  const theme = query.get("theme");
  if (theme === null) return "";
  if (theme === "light" || theme === "dark") return ` data-theme="${theme}"`;
  throw new AppError("INVALID_REQUEST", "theme must be light or dark");
};

/** `/widget`: a small page without script for frames on other sites. It looks anew each minute. @throws AppError NOT_FOUND */
export const widgetPage = (args: FeedArgs, query: URLSearchParams): FeedFile => {
  const { services, incidents, maintenances = [], page } = args.snapshot;
  const language = languageOf(args, query);
  const words = FEED_WORDS[language];
  const components = componentsOf(args, query);
  const shown = services.filter(({ id, hasData }) => hasData && (components === null || components.has(id)));
  const state = args.isStale ? "unknown" : (worstState(shown.map(({ published }) => published)) ?? "unknown");
  const url = escapeHtml(urlOf(args));
  const link = (href: string, text: string): string =>
    `<a href="${href}" target="_blank" rel="noopener">${escapeHtml(text)}</a>`;
  const open = incidents
    .filter(({ status, serviceIds }) => !CLOSED.has(status) && isMeant(components, serviceIds))
    .slice(0, 3)
    .map(
      (incident) =>
        `<span class="soft">${escapeHtml(words.statuses[incident.status])}</span> ${link(`${url}/incidents/${encodeURIComponent(incident.id)}`, incidentName(incident, language))}`,
    );
  const work = maintenances
    .filter(
      ({ status, serviceIds }) =>
        (status === "in_progress" || status === "verifying") && isMeant(components, serviceIds),
    )
    .slice(0, 3)
    .map(
      ({ name }) => `<span class="soft">${escapeHtml(words.maintenance)}</span> ${link(`${url}/maintenance`, name)}`,
    );
  const body = `<!doctype html>
<html lang="${language}"${themeOf(query)}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escapeHtml(page.name)}</title><style>${WIDGET_STYLE}</style></head>
<body><main><h1 class="${state}${state === "major_outage" ? " down" : ""}"><span class="dot" aria-hidden="true"></span>${escapeHtml(headline(state, language))}</h1>${listOf([...open, ...work])}
<p class="soft">${link(`${url}/`, words.openPage)} · ${escapeHtml(page.name)}</p></main></body></html>
`;
  return { contentType: "text/html; charset=utf-8", body };
};

/**
 * `/widget.js`: puts a frame where the script stands. It takes `data-component`, `data-lang`, `data-theme` and `data-height`
 * of its own element, and nothing else of the page that it is on.
 */
export const WIDGET_SCRIPT = `(() => {
  const own = document.currentScript;
  if (!own) return;
  const address = new URL("widget", own.src);
  for (const key of ["component", "lang", "theme"]) {
    if (own.dataset[key]) address.searchParams.set(key, own.dataset[key]);
  }
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = own.dataset.title || "Service status";
  frame.loading = "lazy";
  frame.width = "100%";
  frame.height = own.dataset.height || "150";
  frame.setAttribute("frameborder", "0");
  frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  own.after(frame);
})();
`;
