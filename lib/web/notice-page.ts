import type { Language } from "#lib/core/definitions.ts";
import type { Exchange } from "./http/exchange.ts";
import { send } from "./http/exchange.ts";
import { COMMON_HEADERS, PUBLIC_CONTENT_POLICY } from "./http/security-headers.ts";

export type NoticeKind = "not-found" | "bad-address" | "method" | "starting" | "error";

type Words = Readonly<Record<NoticeKind, { readonly title: string; readonly text: string }>> & {
  readonly home: string;
};

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    "not-found": { title: "Nothing here", text: "This address does not exist." },
    "bad-address": { title: "Not an address", text: "This address cannot be read." },
    method: { title: "Not possible", text: "This page can only be read." },
    starting: { title: "Starting", text: "The first results are being collected. This page reloads by itself." },
    error: { title: "Something went wrong", text: "This is our fault. Please try again in a moment." },
    home: "Back to the status page",
  },
  ko: {
    "not-found": { title: "페이지가 없습니다", text: "존재하지 않는 주소입니다." },
    "bad-address": { title: "잘못된 주소", text: "읽을 수 없는 주소입니다." },
    method: { title: "지원되지 않음", text: "이 페이지는 읽기만 할 수 있습니다." },
    starting: { title: "시작하는 중", text: "첫 결과를 모으고 있습니다. 이 페이지는 자동으로 새로 고쳐집니다." },
    error: { title: "문제가 발생했습니다", text: "저희 쪽 오류입니다. 잠시 후 다시 시도해 주세요." },
    home: "상태 페이지로 돌아가기",
  },
  ru: {
    "not-found": { title: "Здесь ничего нет", text: "Такого адреса не существует." },
    "bad-address": { title: "Неверный адрес", text: "Этот адрес не удаётся прочитать." },
    method: { title: "Невозможно", text: "Эту страницу можно только читать." },
    starting: { title: "Запуск", text: "Собираются первые результаты. Страница обновится сама." },
    error: { title: "Что-то пошло не так", text: "Это наша ошибка. Попробуйте ещё раз чуть позже." },
    home: "На страницу состояния",
  },
};

/** The style sheet of these pages: they must look right when nothing else of the product works. */
export const NOTICE_CSS = `:root{color-scheme:light dark;font:1rem/1.6 system-ui,sans-serif}
body{margin:0;min-height:100vh;display:grid;place-content:center;padding:1.5rem;box-sizing:border-box}
main{max-width:32rem}h1{font-size:1.5rem;line-height:1.3;margin:0 0 .5rem}p{margin:0 0 1rem}
a{color:inherit;text-underline-offset:.2em}small{opacity:.75;overflow-wrap:anywhere}
`;
export const NOTICE_CSS_PATH = "/assets/notice.css";
const STARTING_RETRY_SECONDS = 2;

/** A calm page for everything that is not the status page itself. It tells the request id, so that a person can ask about it. */
const noticeHtml = (kind: NoticeKind, language: Language, requestId: string): string => {
  const words = WORDS[language];
  const { title, text } = words[kind];
  const refresh = kind === "starting" ? `<meta http-equiv="refresh" content="${STARTING_RETRY_SECONDS}">` : "";
  const home = kind === "starting" ? "" : `<p><a href="/">${words.home}</a></p>`;
  return (
    `<!DOCTYPE html><html lang="${language}"><head><meta charset="utf-8">${refresh}` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">` +
    `<title>${title}</title><link rel="icon" href="/favicon.svg" type="image/svg+xml">` +
    `<link rel="stylesheet" href="${NOTICE_CSS_PATH}"></head>` +
    `<body><main><h1>${title}</h1><p>${text}</p>${home}<small>${requestId}</small></main></body></html>`
  );
};

/** Answers with a notice page that nobody may cache. */
export const sendNotice = (
  exchange: Exchange,
  args: { status: number; kind: NoticeKind; language: Language; headers?: readonly string[] },
): number => {
  const html = noticeHtml(args.kind, args.language, exchange.requestId);
  const retry = args.status === 503 ? ["Retry-After", String(STARTING_RETRY_SECONDS)] : [];
  send(
    exchange,
    args.status,
    [
      "Content-Type",
      "text/html; charset=utf-8",
      "Content-Length",
      String(Buffer.byteLength(html)),
      "Content-Language",
      args.language,
      "Vary",
      "Accept-Language",
      "Cache-Control",
      "no-store",
      "Content-Security-Policy",
      PUBLIC_CONTENT_POLICY,
      ...COMMON_HEADERS,
      ...retry,
      ...(args.headers ?? []),
    ],
    html,
  );
  return args.status;
};
