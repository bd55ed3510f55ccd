import { describe, expect, test } from "vitest";
import { asOfTextOf, finishPage, stripScripts } from "./page-finish.ts";

describe("what Next rendered becomes a public page", () => {
  test("without scripts, inline or not, and without preloads of scripts", () => {
    const html =
      '<link rel="stylesheet" href="a.css"/><link rel="preload" as="script" href="a.js"/><link rel="modulepreload" href="b.js"/>' +
      '<p>1</p><script>self.__next_f.push("</p>")</script><SCRIPT src="x.js" async=""></SCRIPT ><p>2<!-- -->3</p><!--$--><!--/$-->';
    expect(stripScripts(html)).toBe('<link rel="stylesheet" href="a.css"/><p>1</p><p>23</p>');
  });

  const template =
    'a<template data-cut="stale-start"></template><b>old</b><template data-cut="stale-end"></template>c @@AS_OF_ISO@@ @@AS_OF_TEXT@@ @@AS_OF_TEXT@@';
  const finish = { asOfIso: "2026-08-06T14:07:31.000Z", asOfText: "14:07:31 $& UTC", scriptPath: null };

  test("with the banner when its data is old", () => {
    expect(finishPage(template, { ...finish, isStale: true })).toBe(
      "a<b>old</b>c 2026-08-06T14:07:31.000Z 14:07:31 $& UTC 14:07:31 $& UTC",
    );
  });

  test("without the banner when its data is fresh", () => {
    expect(finishPage(template, { ...finish, isStale: false })).toBe(
      "ac 2026-08-06T14:07:31.000Z 14:07:31 $& UTC 14:07:31 $& UTC",
    );
  });

  test("with our own script, where there is one", () => {
    const page = '<p></p><template data-cut="script"></template></body>';
    expect(finishPage(page, { ...finish, isStale: false })).toBe("<p></p></body>");
    expect(finishPage(page, { ...finish, isStale: false, scriptPath: "/_static/a.js" })).toBe(
      '<p></p><script src="/_static/a.js" defer></script></body>',
    );
  });

  test.each([
    { language: "en", timeZone: "UTC", text: "14:07:31 UTC" },
    { language: "ko", timeZone: "UTC", text: "14:07:31 UTC" },
    { language: "ru", timeZone: "Asia/Seoul", text: "23:07:31 GMT+9" },
  ])("the instant reads $text in $language", ({ language, timeZone, text }) => {
    expect(asOfTextOf(Date.parse(finish.asOfIso), timeZone, language)).toBe(text);
  });
});
