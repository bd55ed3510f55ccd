import { expect, test } from "vitest";
import { oneLine, withoutControls } from "./plain-text.ts";

test("what terminals obey is left out of texts, and what people wrote stays", () => {
  expect(withoutControls("a\u001b[31m\u0007\u009b2Jb\tc\r\nd 한국 \u{1f600}")).toBe("a[31m2Jb\tc\r\nd 한국 \u{1f600}");
});

test("a title is one line", () => {
  expect(oneLine("Down \r\n Subject: x\u2028y\u000bz")).toBe("Down Subject: x yz");
});
