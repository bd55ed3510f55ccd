import type { Language } from "#lib/core/definitions.ts";
import { en } from "./en/index.ts";
import { ko } from "./ko/index.ts";
import { ru } from "./ru/index.ts";

export type AdminWords = typeof en;

/** A language without all its words does not compile. */
export const ADMIN_WORDS: Readonly<Record<Language, AdminWords>> = { en, ko, ru };
