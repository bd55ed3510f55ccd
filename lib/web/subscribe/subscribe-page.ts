import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { escapeHtml } from "#lib/core/escape-html.ts";
import type { Wishes } from "#lib/core/subscribers/audience.ts";
import type { SubscriberChannel } from "#lib/core/subscribers/words.ts";
import { SUBSCRIBER_CHANNELS, SUBSCRIBER_KINDS } from "#lib/core/subscribers/words.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { COMMON_HEADERS, PUBLIC_CONTENT_POLICY } from "../http/security-headers.ts";
import { SUBSCRIBE_WORDS } from "./subscribe-words.ts";

export const SUBSCRIBE_CSS_PATH = "/subscribe/style.css";
export const SUBSCRIBE_CSS = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#556070;--line:#cfd6de;--bg:#fff;--go:#14532d;--on:#fff;font:1rem/1.6 system-ui,sans-serif}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaef;--soft:#a3afbd;--line:#3a444f;--bg:#12161b;--go:#86efac;--on:#0b1a10}}
body{margin:0;background:var(--bg);color:var(--ink)}main{max-width:36rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}p{margin:0 0 1rem}a{color:inherit;text-underline-offset:.2em}
form{display:grid;gap:1.25rem;margin:1.5rem 0}fieldset{border:0;padding:0;margin:0;display:grid;gap:.25rem;min-width:0}
legend,.label{font-weight:600;padding:0;margin-block-end:.25rem;display:block}
label{display:flex;gap:.6rem;align-items:center;min-block-size:2.25rem}
input[type=text],select{font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.5rem;padding:.55rem .75rem;inline-size:100%;box-sizing:border-box}
select{background:var(--bg)}input[type=checkbox],input[type=radio]{inline-size:1.15rem;block-size:1.15rem;flex:none}
button{font:inherit;font-weight:600;border:0;border-radius:.5rem;padding:.7rem 1.4rem;background:var(--go);color:var(--on);justify-self:start;cursor:pointer}
button.quiet{background:transparent;color:inherit;border:1px solid var(--line)}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}.hint,small{color:var(--soft);font-size:.9rem}
.away{position:absolute;inset-inline-start:-200vw;block-size:1px;overflow:hidden}code{overflow-wrap:anywhere}
`;

/** A service as the form names it. */
export type FormService = { readonly id: string; readonly name: string };
export type FormValues = Wishes & { readonly language: Language };

const checked = (isChecked: boolean): string => (isChecked ? " checked" : "");
const selected = (isSelected: boolean): string => (isSelected ? " selected" : "");

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", ko: "한국어", ru: "Русский" };

/** What both forms ask: kinds, services, how often, language. */
const wishesHtml = (
  language: Language,
  values: FormValues,
  args: { readonly services: readonly FormService[]; readonly hasCadence: boolean },
): string => {
  const words = SUBSCRIBE_WORDS[language];
  const kinds = SUBSCRIBER_KINDS.map(
    (kind) =>
      `<label><input type="checkbox" name="kinds" value="${kind}"${checked(values.kinds.includes(kind))}>${words.kinds[kind]}</label>`,
  ).join("");
  const services = args.services
    .map(
      ({ id, name }) =>
        `<label><input type="checkbox" name="services" value="${escapeHtml(id)}"${checked(values.serviceIds?.includes(id) === true)}>${escapeHtml(name)}</label>`,
    )
    .join("");
  const cadence = (["each", "daily"] as const)
    .map(
      (one) =>
        `<label><input type="radio" name="cadence" value="${one}"${checked(values.cadence === one)}>${words[one]}</label>`,
    )
    .join("");
  const languages = LANGUAGES.map(
    (one) => `<option value="${one}"${selected(values.language === one)}>${LANGUAGE_NAMES[one]}</option>`,
  ).join("");
  return (
    `<fieldset><legend>${words.what}</legend>${kinds}</fieldset>` +
    (services === ""
      ? ""
      : `<fieldset><legend>${words.services}</legend><span class="hint">${words.allServices}</span>${services}</fieldset>`) +
    (args.hasCadence ? `<fieldset><legend>${words.often}</legend>${cadence}</fieldset>` : "") +
    `<div><label class="label" for="language">${words.language}</label><select id="language" name="language">${languages}</select></div>`
  );
};

const hidden = (name: string, value: string | null): string =>
  value === null ? "" : `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;

/** The form to sign up. */
export const signUpForm = (
  language: Language,
  args: {
    readonly values: FormValues;
    readonly services: readonly FormService[];
    readonly hasMail: boolean;
    /** Why the last try was refused. */
    readonly fault: string | null;
  },
): string => {
  const words = SUBSCRIBE_WORDS[language];
  const usable = SUBSCRIBER_CHANNELS.filter((channel: SubscriberChannel) => channel !== "email" || args.hasMail);
  const channels = usable.map((channel) => `<option value="${channel}">${words.channels[channel]}</option>`).join("");
  return (
    `<h1>${words.title}</h1><p>${words.intro}</p>` +
    (args.hasMail ? "" : `<p class="hint">${words.noMail}</p>`) +
    (args.fault === null
      ? ""
      : `<p role="alert"><strong>${words.wrong.title}.</strong> ${escapeHtml(args.fault)}</p>`) +
    `<form method="post" action="/subscribe">` +
    `<div><label class="label" for="channel">${words.how}</label><select id="channel" name="channel">${channels}</select></div>` +
    `<div><label class="label" for="address">${words.address}</label><input id="address" name="address" type="text" required maxlength="2048" autocomplete="email" aria-describedby="hint"><span class="hint" id="hint">${words.addressHint}</span></div>` +
    `<div class="away" aria-hidden="true"><label for="website">${words.leaveEmpty}</label><input id="website" name="website" type="text" tabindex="-1" autocomplete="off"></div>` +
    hidden("incident_id", args.values.incidentId) +
    wishesHtml(language, args.values, { services: args.services, hasCadence: true }) +
    `<button>${words.subscribe}</button></form><p><a href="/feed.atom">${words.feeds}</a></p>`
  );
};

/** The page that a link of a message leads to. `secret`: of a webhook. */
export const manageForm = (
  language: Language,
  args: {
    readonly token: string;
    readonly values: FormValues;
    readonly services: readonly FormService[];
    readonly channel: SubscriberChannel;
    readonly secret: string | null;
    readonly isSaved: boolean;
  },
): string => {
  const words = SUBSCRIBE_WORDS[language];
  const token = encodeURIComponent(args.token);
  const hasCadence = args.channel !== "webhook";
  return (
    `<h1>${words.manage.title}</h1>` +
    (args.isSaved ? `<p role="status">${words.manage.saved}</p>` : "") +
    (args.secret === null ? "" : `<p>${words.manage.secret}: <code>${escapeHtml(args.secret)}</code></p>`) +
    `<form method="post" action="/subscription/${token}">` +
    wishesHtml(language, args.values, { services: args.services, hasCadence }) +
    `<button>${words.manage.save}</button></form>` +
    `<form method="post" action="/unsubscribe/${token}"><p class="hint">${words.leave.text}</p><button class="quiet">${words.leave.button}</button></form>`
  );
};

/** A page with one button. */
export const buttonPage = (words: { title: string; text: string; button: string }, action: string): string =>
  `<h1>${words.title}</h1><p>${words.text}</p><form method="post" action="${escapeHtml(action)}"><button>${words.button}</button></form>`;

export const tellingPage = ({ title, text }: { title: string; text: string }): string =>
  `<h1>${title}</h1><p>${text}</p>`;

type Whole = { readonly language: Language; readonly pageName: string; readonly body: string };

/** A page of subscribers, frame and all. */
export const subscribeHtml = ({ language, pageName, body }: Whole): string =>
  `<!DOCTYPE html><html lang="${language}"><head><meta charset="utf-8">` +
  `<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">` +
  `<title>${SUBSCRIBE_WORDS[language].title} · ${escapeHtml(pageName)}</title>` +
  `<link rel="icon" href="/favicon.svg" type="image/svg+xml"><link rel="stylesheet" href="${SUBSCRIBE_CSS_PATH}"></head>` +
  `<body><main><p><a href="/">${escapeHtml(pageName)}</a></p>${body}<p><a href="/">${SUBSCRIBE_WORDS[language].home}</a></p></main></body></html>`;

/** Sends a page of subscribers. Nobody may cache it, and no address of it goes on to where its links lead. */
export const sendSubscribePage = (exchange: Exchange, args: Whole & { readonly status: number }): number => {
  const { status, language } = args;
  const html = subscribeHtml(args);
  const headers = [
    ...["Content-Type", "text/html; charset=utf-8", "Content-Length", String(Buffer.byteLength(html))],
    ...["Content-Language", language, "Vary", "Accept-Language", "Cache-Control", "no-store"],
    ...["Content-Security-Policy", PUBLIC_CONTENT_POLICY],
  ];
  const common = COMMON_HEADERS.map((value, at) =>
    COMMON_HEADERS[at - 1] === "Referrer-Policy" ? "no-referrer" : value,
  );
  send(exchange, status, [...headers, ...common], html);
  return status;
};
