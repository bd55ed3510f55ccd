import { expect, test } from "vitest";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { themeSheet } from "./theme-sheet.ts";

const page = (accent?: { light: string; dark: string }) => ({
  ...calmDay().page,
  ...(accent === undefined ? {} : { accent }),
});

test("a page without colours of its own has no sheet", () => {
  expect(themeSheet(page())).toBeNull();
});

test("the name of a sheet follows its bytes, so that it may be kept for ever", () => {
  const one = themeSheet(page({ light: "#6d2fb5", dark: "#d2b3ff" }));
  const other = themeSheet(page({ light: "#6d2fb6", dark: "#d2b3ff" }));
  expect(one?.path).toMatch(/^\/theme-[0-9a-f]{12}\.css$/);
  expect(themeSheet(page({ light: "#6d2fb5", dark: "#d2b3ff" }))).toEqual(one);
  expect(other?.path).not.toBe(one?.path);
});
