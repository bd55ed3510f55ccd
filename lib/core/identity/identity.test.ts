import { describe, expect, test } from "vitest";
import { SCOPES } from "../access/authorise.ts";
import { readLogin } from "./login.ts";
import { networkOf } from "./network.ts";
import { faultOfPassword } from "./password-rules.ts";
import { ROLES, scopesOfRole } from "./roles.ts";

describe("roles", () => {
  test("each role may do all that the one before it may, and administrators everything", () => {
    const held = ROLES.map((role) => new Set(scopesOfRole(role)));
    for (const [index, scopes] of held.slice(0, -1).entries())
      for (const scope of scopes) expect(held[index + 1]?.has(scope), scope).toBe(true);
    expect(scopesOfRole("admin")).toEqual(SCOPES);
  });

  test("only administrators see keys, users and the audit log, and viewers write nothing", () => {
    for (const role of ["viewer", "responder", "editor"] as const)
      expect(scopesOfRole(role).filter((scope) => /^(keys|users|audit):/.test(scope))).toEqual([]);
    expect(scopesOfRole("viewer").filter((scope) => scope.endsWith(":write"))).toEqual([]);
    expect(scopesOfRole("responder")).toContain("silences:write");
    expect(scopesOfRole("responder")).not.toContain("endpoints:write");
  });
});

describe("passwords", () => {
  test.each([
    "short",
    "password1234",
    "P@ssw0rd1234",
    "123456789012",
    "aaaaaaaaaaaaaaa",
    "abcdefghijklm",
    "ana-my-thing-1",
  ])("%s is refused", (password) => {
    expect(faultOfPassword(password, { login: "ana-my@example.com" })).not.toBeNull();
  });
  test.each(["correct horse battery", "비밀번호를 아무도 모르게", "tr0ub4dor-and-3 more"])(
    "%s is taken",
    (password) => {
      expect(faultOfPassword(password, { login: "ana@example.com" })).toBeNull();
    },
  );
});

test("an IPv6 address stands for its /64, an IPv4 address for itself, also when it is mapped", () => {
  expect(networkOf("2001:db8::1")).toBe(networkOf("2001:0db8:0:0:ffff::9"));
  expect(networkOf("2001:db8:0:1::1")).not.toBe(networkOf("2001:db8::1"));
  expect(networkOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
});

test("a login has one form", () => {
  expect(readLogin("  Ana@Example.COM ")).toBe("ana@example.com");
  for (const text of ["", "a b", "@x", "a\0b", "x".repeat(300)]) expect(readLogin(text)).toBeNull();
});
