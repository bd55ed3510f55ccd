import { expect, test } from "vitest";
import { redactorOf } from "./endpoint-redactor.ts";

const SECRET = "whsec_cGxhbnRlZC1zZWNyZXQtcGxhbnRlZC1zZWNyZXQ=";
const BASIC = `Basic ${Buffer.from("nines:planted-password").toString("base64")}`;
const endpoint = {
  url: "https://hooks.example.org/T1/planted-path-segment?token=planted%2Fquery&v=1",
  secrets: [SECRET],
  headers: { authorization: "Bearer planted-bearer-token", "x-api-key": "planted/key +1", "x-basic": BASIC },
};
const redact = redactorOf(endpoint, ["planted-signature"]);

test.each([
  ["the address", endpoint.url],
  ["the target", "/T1/planted-path-segment?token=planted%2Fquery&v=1"],
  ["a segment of the path", "no_service planted-path-segment"],
  ["a value of the query", "bad token planted%2Fquery"],
  ["a decoded value of the query", "bad token planted/query"],
  ["a header field", "planted/key +1"],
  ["what follows Bearer", "invalid token: planted-bearer-token"],
  ["a header field in an address", encodeURIComponent("planted/key +1")],
  ["a header field in base64", Buffer.from("Bearer planted-bearer-token").toString("base64")],
  ["a token in base64", Buffer.from("planted-bearer-token").toString("base64")],
  ["a password of Basic", "wrong password planted-password for nines"],
  ["the signing secret", SECRET.slice(6)],
  ["a signature", "planted-signature"],
])("%s does not come back in what a receiver echoes", (_name, text) => {
  const shown = redact(`before ${text} after`);
  expect(shown).not.toMatch(/planted|cGxhbnRlZ/);
  for (const form of [text, Buffer.from(text).toString("base64")]) expect(shown).not.toContain(form);
  expect(shown).toMatch(/^before .*\[redacted\].* after$/);
});

test("an excerpt that was cut within a secret does not end with its beginning", () => {
  expect(redact(`${"x".repeat(300)}planted-bearer-to`)).toBe(`${"x".repeat(300)}[redacted]`);
});

test("16 kB of an answer are kept, in whole characters", () => {
  expect(redact("y".repeat(20_000))).toHaveLength(16_384);
  expect(redact(`${"y".repeat(16_383)}\u{1f525}`).isWellFormed()).toBe(true);
});

test("what is no secret stays as it is", () => {
  expect(redact("v=1: the receiver is away")).toBe("v=1: the receiver is away");
});
