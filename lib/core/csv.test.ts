import { expect, test } from "vitest";
import { csvOf } from "./csv.ts";

test("a cell that a spreadsheet would take for a formula is defused, a number is not", () => {
  expect(csvOf([["=1+1", "@x", "-2.5", -3, "+4", null, 'say "hi"', "a,b"]])).toBe(
    `"'=1+1","'@x","-2.5","-3","'+4","","say ""hi""","a,b"\r\n`,
  );
});

test("tabs, carriage returns and the commands of spreadsheets open nothing", () => {
  expect(csvOf([["\t=1", "\r=1", "-1+cmd|' /C calc'!A0"]])).toBe(`"'\t=1","'\r=1","'-1+cmd|' /C calc'!A0"\r\n`);
});
