import type { ErrorCode } from "#lib/core/errors.ts";

export const TITLE_LANGUAGES = ["en", "ko", "ru"] as const;
export type TitleLanguage = (typeof TITLE_LANGUAGES)[number];

type Titles = Readonly<Record<Exclude<TitleLanguage, "en">, string>>;

const AWAY: Titles = { ko: "데이터베이스를 사용할 수 없음", ru: "База данных недоступна" };

/** Titles of problems in the other languages of the page, by code. The English ones stand with their status. */
const TITLES: Partial<Record<ErrorCode, Titles>> = {
  NOT_FOUND: { ko: "찾을 수 없음", ru: "Не найдено" },
  METHOD_NOT_ALLOWED: { ko: "허용되지 않는 메서드", ru: "Метод не разрешён" },
  NOT_ACCEPTABLE: { ko: "제공할 수 없는 형식", ru: "Формат не поддерживается" },
  INVALID_REQUEST: { ko: "잘못된 요청", ru: "Неверный запрос" },
  UNAUTHENTICATED: { ko: "로그인 필요", ru: "Требуется вход" },
  FORBIDDEN: { ko: "접근 금지", ru: "Доступ запрещён" },
  SIGN_IN_LINK_INVALID: { ko: "유효하지 않은 로그인 링크", ru: "Ссылка для входа недействительна" },
  UNSUPPORTED_MEDIA_TYPE: { ko: "지원되지 않는 미디어 형식", ru: "Тип данных не поддерживается" },
  PAYLOAD_TOO_LARGE: { ko: "요청이 너무 큼", ru: "Слишком большой запрос" },
  CONFLICT: { ko: "충돌", ru: "Конфликт" },
  IDEMPOTENCY_KEY_REUSED: { ko: "이미 사용된 Idempotency-Key", ru: "Idempotency-Key уже использован" },
  RATE_LIMITED: { ko: "요청이 너무 많음", ru: "Слишком много запросов" },
  NOT_READY: { ko: "준비되지 않음", ru: "Не готово" },
  DATABASE_TIMEOUT: AWAY,
  DATABASE_UNREACHABLE: AWAY,
  DISK_FULL: AWAY,
  DATABASE_REFUSED: AWAY,
  INTERNAL: { ko: "내부 오류", ru: "Внутренняя ошибка" },
};

/** The title of a problem in a language; the English one where there is no other. */
export const titleOf = (code: ErrorCode, language: TitleLanguage, english: string): string =>
  language === "en" ? english : (TITLES[code]?.[language] ?? english);
