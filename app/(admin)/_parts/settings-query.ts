import { notFound } from "next/navigation";
import { AppError } from "#lib/core/errors.ts";
import type { SearchParams } from "./view.ts";

const CURSOR = /^[A-Za-z0-9_-]{1,512}$/;
const LONGEST_FILTER = 200;

/** The first text of a parameter; undefined when it is absent, empty or too long. */
export const textOf = (search: SearchParams, name: string): string | undefined => {
  const value = search[name];
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  return text === undefined || text === "" || text.length > LONGEST_FILTER || text.includes("\0") ? undefined : text;
};

/** The parameter when it is one of some words. */
export const oneOf = <Word extends string>(
  search: SearchParams,
  name: string,
  words: readonly Word[],
): Word | undefined => words.find((word) => word === textOf(search, name));

/** The place in a list that an address names. */
export const pagingOf = (search: SearchParams, limit: number) => {
  const cursor = (name: string): string | undefined => {
    const value = search[name];
    return typeof value === "string" && CURSOR.test(value) ? value : undefined;
  };
  const after = cursor("after");
  return { limit, after, before: after === undefined ? cursor("before") : undefined };
};

/** Filters that are set, as an address says them. */
export const filtersOf = (filters: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** What a read finds; nothing there, or a place of another list, leads to the page that says so. */
export const orNotFound = async <T>(read: Promise<T>): Promise<T> => {
  try {
    return await read;
  } catch (error) {
    if (error instanceof AppError && (error.code === "NOT_FOUND" || error.code === "INVALID_REQUEST")) notFound();
    throw error;
  }
};
