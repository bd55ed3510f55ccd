import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRequestTarget } from "./request-target.ts";

describe("a request target", () => {
  test.each([
    { name: "the root", target: "/", path: "/" },
    { name: "a trailing slash is the same address", target: "/services/shop/", path: "/services/shop" },
    {
      name: "the absolute form loses its authority",
      target: "http://evil.example/services/shop?x=1",
      path: "/services/shop",
    },
    { name: "the absolute form without a path is the root", target: "https://evil.example", path: "/" },
    { name: "segments are decoded once", target: "/a%2541", path: "/a%41" },
  ])("$name", ({ target, path }) => {
    expect(parseRequestTarget(target)).toMatchObject({ kind: "path", path });
  });

  test.each([
    { name: "double slashes", target: "//evil.example/x", status: 404 },
    { name: "empty segments", target: "/a//b", status: 404 },
    { name: "dot segments", target: "/a/../b", status: 404 },
    { name: "encoded dot segments", target: "/%2e%2e/etc/passwd", status: 404 },
    { name: "encoded slashes", target: "/a%2fb", status: 404 },
    { name: "backslashes", target: "/a%5c..%5cb", status: 404 },
    { name: "broken escapes", target: "/%zz", status: 400 },
    { name: "an escape that is no UTF-8", target: "/%ff", status: 400 },
    { name: "NUL", target: "/a%00b", status: 400 },
    { name: "line ends", target: "/a%0d%0aSet-Cookie:x", status: 400 },
    { name: "the asterisk form", target: "*", status: 400 },
    { name: "another scheme", target: "file:///etc/passwd", status: 400 },
    { name: "more than 8 kB", target: `/${"a".repeat(9_000)}`, status: 414 },
  ])("$name are refused", ({ target, status }) => {
    expect(parseRequestTarget(target)).toMatchObject({ kind: "refused", status });
  });

  test("no target gives a path with an empty, dot or slashed segment", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const target = parseRequestTarget(`/${text}`);
        if (target.kind === "refused") return;
        expect(target.path.startsWith("/")).toBe(true);
        for (const segment of target.segments) expect(segment).not.toMatch(/^\.{0,2}$|[/\\]/);
      }),
    );
  });
});
