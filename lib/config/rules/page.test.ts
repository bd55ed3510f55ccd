import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkAccent, checkLogo, contrastOf, MAX_LOGO } from "./page.ts";

const dataUri = (type: string, bytes: Buffer | string) =>
  `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';

describe("a logo", () => {
  test.each([
    dataUri("image/svg+xml", SVG),
    dataUri("image/svg+xml", `<?xml version="1.0"?>\n<!-- drawn by hand -->\n${SVG}`),
    dataUri("image/png", PNG),
    dataUri("image/jpeg", Buffer.from([0xff, 0xd8, 0xff, 0xe0])),
    dataUri("image/webp", "RIFF\0\0\0\0WEBPVP8 "),
  ])("is an image of a known kind: %s", (logo) => {
    expect(checkLogo(logo)).toBeNull();
  });

  test.each([
    ["an address elsewhere", "https://acme.example/logo.svg", "format"],
    ["a path", "/logo.svg", "format"],
    ["a page", dataUri("text/html", "<script>alert(1)</script>"), "format"],
    ["a script", "javascript:alert(1)", "format"],
    ["text that leaves its attribute", `${dataUri("image/png", PNG)}" onload="x`, "format"],
    ["a page that calls itself an image", dataUri("image/png", "<html>"), "format"],
    ["an image of another kind", dataUri("image/svg+xml", PNG), "format"],
    ["an image without base64", `data:image/svg+xml,${SVG}`, "format"],
    ["more than a page may weigh", dataUri("image/png", Buffer.concat([PNG, Buffer.alloc(MAX_LOGO)])), "limit"],
  ])("is not %s", (_name, logo, kind) => {
    expect(checkLogo(logo)?.kind).toBe(kind);
  });
});

describe("an accent", () => {
  test("is a colour of six digits, and nothing that could leave the style sheet", () => {
    for (const text of ["red", "#fff", "#1d4fbf;}body{display:none", "var(--text)", "", "#12345g"]) {
      expect(checkAccent("light")(text)?.kind, text).toBe("format");
    }
  });

  test("is readable on every ground of its theme", () => {
    expect(checkAccent("light")("#1d4fbf")).toBeNull();
    expect(checkAccent("dark")("#93b4ff")).toBeNull();
    expect(checkAccent("light")("#93b4ff")?.kind).toBe("range");
    expect(checkAccent("dark")("#1d4fbf")?.kind).toBe("range");
  });

  test("contrast is 21 between black and white, 1 with itself, and the same both ways", () => {
    expect(contrastOf("#000000", "#ffffff")).toBeCloseTo(21, 6);
    const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
    fc.assert(
      fc.property(colour, colour, (one, other) => {
        expect(contrastOf(one, one)).toBeCloseTo(1, 9);
        expect(contrastOf(one, other)).toBeCloseTo(contrastOf(other, one), 9);
        expect(contrastOf(one, other)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
