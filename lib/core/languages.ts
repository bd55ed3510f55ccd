/** The languages of pages and messages, the first of them where nobody chose. */
export const LANGUAGES = ["en", "ko", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];
