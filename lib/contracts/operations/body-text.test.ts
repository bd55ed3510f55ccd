import { expect, test } from "vitest";
import { bodyLine, bodyText } from "./operation.ts";

test("what a terminal or a mail header would obey does not get past a body, and what is left must say something", () => {
  expect(bodyLine(100, "A title").parse(" Down\r\nSubject: x\u001b[2J ")).toBe("Down Subject: x[2J");
  expect(bodyText(100, "A text").parse("One\u0007\n\nTwo")).toBe("One\n\nTwo");
  expect(bodyLine(100, "A title").safeParse("\u001b\r\n").success).toBe(false);
  expect(bodyText(100, "A text").safeParse("a\u0000").success).toBe(false);
});
