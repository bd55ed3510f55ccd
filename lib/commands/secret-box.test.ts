import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { errorCodeOf } from "#lib/core/errors.ts";
import { createSecretBox, endpointSecretContext, endpointUrlContext } from "./secret-box.ts";

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return errorCodeOf(error);
  }
};

test("what was sealed opens to the same text, in the same context only", () => {
  const box = createSecretBox(randomBytes(32));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (plain, context, other) => {
      const sealed = box.seal(plain, context);
      expect(box.open(sealed, context)).toBe(plain);
      if (other !== context) expect(codeOf(() => box.open(sealed, other))).toBe("SECRET_KEY_INVALID");
    }),
  );
});

test("two seals of one text differ, have the documented form and do not show the text", () => {
  const box = createSecretBox(randomBytes(32));
  const first = box.seal("whsec_canary", endpointSecretContext("oncall"));
  expect(first).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/);
  expect(first).not.toContain("canary");
  expect(box.seal("whsec_canary", endpointSecretContext("oncall"))).not.toBe(first);
});

test("a ciphertext of one column does not open in another", () => {
  const box = createSecretBox(randomBytes(32));
  const sealed = box.seal("https://hooks.example/1", endpointUrlContext("oncall"));
  expect(codeOf(() => box.open(sealed, endpointSecretContext("oncall")))).toBe("SECRET_KEY_INVALID");
  expect(codeOf(() => box.open(sealed, endpointUrlContext("other")))).toBe("SECRET_KEY_INVALID");
});

test("another key, and any change of a character, is refused by name and never by a crash", () => {
  const box = createSecretBox(randomBytes(32));
  const sealed = box.seal("plain", "c");
  expect(codeOf(() => createSecretBox(randomBytes(32)).open(sealed, "c"))).toBe("SECRET_KEY_INVALID");
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
    // The last character of base64url may carry bits that stand for nothing.
    const opened = codeOf(() => box.open(changed, "c"));
    expect(at === sealed.length - 1 ? ["plain", "SECRET_KEY_INVALID"] : ["SECRET_KEY_INVALID"]).toContain(opened);
    expect(codeOf(() => box.open(sealed.slice(0, at), "c"))).toBe("SECRET_KEY_INVALID");
  }
});

test("a key of another length than 32 bytes is refused", () => {
  expect(codeOf(() => createSecretBox(randomBytes(16)))).toBe("SECRET_KEY_INVALID");
});
