import { describe, expect, test } from "vitest";
import type { Principal, Scope } from "./authorise.ts";
import { ANONYMOUS, actorOf, authorise, holdsScope, isScope, SCOPES } from "./authorise.ts";

const keyWith = (...scopes: Scope[]): Principal => ({ kind: "key", id: "key_1", name: "ci", scopes });

describe("authorisation", () => {
  test.each([ANONYMOUS, keyWith(), keyWith(...SCOPES)])(
    "an operation without a scope is for everybody (%#)",
    (principal) => {
      expect(authorise(principal, { scope: null })).toEqual({ kind: "allowed" });
    },
  );

  test("nobody known gets into nothing that has a scope", () => {
    for (const scope of SCOPES) expect(authorise(ANONYMOUS, { scope })).toEqual({ kind: "unauthenticated" });
  });

  test("a key opens what its scope says, and reading where it may write, and nothing else", () => {
    for (const held of SCOPES) {
      for (const wanted of SCOPES) {
        const opens = held === wanted || held === wanted.replace(":read", ":write");
        const verdict = authorise(keyWith(held), { scope: wanted });
        expect(verdict, `${held} asks for ${wanted}`).toEqual(
          opens ? { kind: "allowed" } : { kind: "forbidden", missing: wanted },
        );
      }
    }
  });

  test("scopes are told from other words", () => {
    expect(isScope("silences:write")).toBe(true);
    for (const text of ["silences", "silences:*", "toString", "silences:write "]) expect(isScope(text)).toBe(false);
    expect(holdsScope([], "keys:read")).toBe(false);
  });

  test("the audit log names a key by its id", () => {
    expect(actorOf(keyWith())).toBe("api_key:key_1");
  });
});
