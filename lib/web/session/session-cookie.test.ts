import { expect, test } from "vitest";
import { FIRST_PATH, safeReturnPath, signInPathFor } from "./session-cookie.ts";

test("whoever wanted to see a page that is for the signed in comes back to it", () => {
  for (const path of ["/", "/services/shop", "/incidents", "/incidents/inc_01", "/history/2026-11", "/maintenance"]) {
    expect(signInPathFor(path)).toBe(`/admin/sign-in?next=${encodeURIComponent(path)}`);
    expect(safeReturnPath(path)).toBe(path);
  }
  expect(signInPathFor("/live")).toBe("/admin/sign-in");
});

test("a sign-in leads to addresses of ours alone", () => {
  for (const path of [
    ...["//evil.example", "/\\evil.example", "https://evil.example", "/services//evil.example", "/services/../admin"],
    ...["/services/a/b", "/incidents\n", "/history?x", "/%2f", "", "/admin/api/v1/keys", "/admin/session/end"],
  ])
    expect(safeReturnPath(path)).toBe(FIRST_PATH);
});
