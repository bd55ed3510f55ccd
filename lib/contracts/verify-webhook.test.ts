import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { keyOfSecret, signWebhook } from "./sign-webhook.ts";
import type { WebhookHeaders, WebhookToVerify } from "./verify-webhook.ts";
import { verifyNinesSignature, verifyStandardWebhook, verifyWebhook } from "./verify-webhook.ts";

const OLD = `whsec_${Buffer.from("old secret of thirty-two bytes!!").toString("base64")}`;
const NEW = `whsec_${Buffer.from("new secret of thirty-two bytes!!").toString("base64")}`;
const BODY = Buffer.from('{"type":"alert.firing","data":{"note":"한글 and \\u0000"}}');
const SECONDS = 1_795_262_400;
const signed = (secrets: readonly string[] = [NEW], body: Uint8Array = BODY, timestampSeconds = SECONDS) =>
  signWebhook({ id: "evt_1", timestampSeconds, body, secrets });
const request = (changes: Partial<WebhookToVerify> = {}): WebhookToVerify => ({
  body: BODY,
  headers: signed(),
  secrets: [NEW],
  nowMs: SECONDS * 1_000,
  ...changes,
});
const with_ = (headers: Record<string, string | readonly string[] | undefined>): WebhookToVerify =>
  request({ headers: { ...signed(), ...headers } });
const both = (one: WebhookToVerify) => [verifyStandardWebhook(one), verifyNinesSignature(one)];

test("the vector of the Standard Webhooks specification is signed and verified", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const body = Buffer.from('{"test": 2432232314}');
  const headers = signWebhook({
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampSeconds: 1_614_265_330,
    body,
    secrets: [secret],
  });
  expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  expect(verifyStandardWebhook({ body, headers, secrets: [secret], nowMs: 1_614_265_330_000 })).toBe(true);
});

test("x-nines-signature is the hex HMAC-SHA256 over the timestamp, a dot and the raw body", () => {
  const due = createHmac("sha256", keyOfSecret(NEW) as Uint8Array)
    .update(`${SECONDS}.`)
    .update(BODY)
    .digest("hex");
  expect(signed()["x-nines-signature"]).toBe(`t=${SECONDS},v1=${due}`);
});

test("the npm package standardwebhooks agrees on what is valid", () => {
  const now = Math.floor(Date.now() / 1_000);
  const headers = signed([NEW, OLD], BODY, now);
  for (const secret of [NEW, OLD]) {
    expect(new Webhook(secret).verify(BODY.toString("utf8"), { ...headers })).toMatchObject({ type: "alert.firing" });
  }
  const theirs = new Webhook(NEW).sign("evt_1", new Date(now * 1_000), BODY.toString("utf8"));
  expect(theirs).toBe(signed([NEW], BODY, now)["webhook-signature"]);
});

test("during a rotation every live secret verifies, in any order, and a stranger's does not", () => {
  const headers = signed([NEW, OLD]);
  expect(both(request({ headers, secrets: [OLD] }))).toEqual([true, true]);
  expect(both(request({ headers, secrets: [NEW] }))).toEqual([true, true]);
  expect(both(request({ secrets: [OLD, NEW] }))).toEqual([true, true]);
  expect(both(request({ secrets: [OLD] }))).toEqual([false, false]);
  expect(both(request({ secrets: [] }))).toEqual([false, false]);
});

test("one changed byte, another id and another time are refused", () => {
  const changed = Buffer.from(BODY);
  changed[0] = 0x20;
  expect(both(request({ body: changed }))).toEqual([false, false]);
  expect(verifyStandardWebhook(with_({ "webhook-id": "evt_2" }))).toBe(false);
  expect(verifyStandardWebhook(with_({ "webhook-timestamp": String(SECONDS + 1) }))).toBe(false);
});

test.each([-301, -300, 0, 300, 301])("a timestamp %i s from now is fresh within 300 s in both directions", (offset) => {
  expect(both(request({ nowMs: (SECONDS + offset) * 1_000 }))).toEqual(Array(2).fill(Math.abs(offset) <= 300));
});

const v1 = signed()["webhook-signature"];
const hex = signed()["x-nines-signature"].split("v1=")[1] as string;
const REFUSED: { name: string; headers: Record<string, string | readonly string[] | undefined> }[] = [
  { name: "no id", headers: { "webhook-id": undefined } },
  { name: "an empty id", headers: { "webhook-id": "" } },
  { name: "no timestamp", headers: { "webhook-timestamp": undefined } },
  { name: "no signature", headers: { "webhook-signature": undefined } },
  { name: "letters after the timestamp", headers: { "webhook-timestamp": `${SECONDS}x` } },
  { name: "a sign before the timestamp", headers: { "webhook-timestamp": `+${SECONDS}` } },
  { name: "a minus", headers: { "webhook-timestamp": `-${SECONDS}` } },
  { name: "an underscore in the timestamp", headers: { "webhook-timestamp": "1_795_262_400" } },
  { name: "full-width digits", headers: { "webhook-timestamp": "１７９５２６２４００" } },
  { name: "a space", headers: { "webhook-timestamp": ` ${SECONDS}` } },
  { name: "a fraction", headers: { "webhook-timestamp": `${SECONDS}.0` } },
  { name: "hex digits", headers: { "webhook-timestamp": `0x${SECONDS.toString(16)}` } },
  { name: "no version", headers: { "webhook-signature": v1.slice(3) } },
  { name: "another version", headers: { "webhook-signature": v1.replace("v1,", "v2,") } },
  { name: "a shorter signature", headers: { "webhook-signature": v1.slice(0, -4) } },
  { name: "an empty value", headers: { "webhook-signature": "v1," } },
  { name: "more than ten signatures", headers: { "webhook-signature": `${"v1,x ".repeat(10)}${v1}` } },
  { name: "a header that came twice", headers: { "webhook-signature": [v1, v1] } },
];
test.each(REFUSED)("refused without an exception: $name", ({ headers }) => {
  expect(verifyStandardWebhook(with_(headers))).toBe(false);
});

const REFUSED_NINES = [
  { name: "no header", value: undefined },
  { name: "no time", value: `v1=${hex}` },
  { name: "two times", value: `t=${SECONDS},t=${SECONDS},v1=${hex}` },
  { name: "no signature", value: `t=${SECONDS}` },
  { name: "upper-case hex", value: `t=${SECONDS},v1=${hex.toUpperCase()}` },
  { name: "a cut signature", value: `t=${SECONDS},v1=${hex.slice(2)}` },
  { name: "too many parts", value: `t=${SECONDS},${"v1=00,".repeat(10)}v1=${hex}` },
  { name: "a sign before the time", value: `t=+${SECONDS},v1=${hex}` },
];
test.each(REFUSED_NINES)("x-nines-signature refused without an exception: $name", ({ value }) => {
  expect(verifyNinesSignature(with_({ "x-nines-signature": value }))).toBe(false);
});

test("unknown versions beside a valid one do no harm", () => {
  expect(verifyStandardWebhook(with_({ "webhook-signature": `v1a,abc v1,!!! ${v1}` }))).toBe(true);
  expect(
    verifyNinesSignature(with_({ "x-nines-signature": `t=${SECONDS}, v0=1, v1=${"0".repeat(64)}, v1=${hex}` })),
  ).toBe(true);
});

test("either kind of signature is enough", () => {
  expect(verifyWebhook(with_({ "webhook-signature": undefined }))).toBe(true);
  expect(verifyWebhook(with_({ "x-nines-signature": undefined }))).toBe(true);
  expect(verifyWebhook(with_({ "webhook-signature": undefined, "x-nines-signature": undefined }))).toBe(false);
});

test("what was signed verifies, for any body, id, time and secrets; a flipped bit does not", () => {
  const secrets = fc.array(fc.uint8Array({ minLength: 24, maxLength: 64 }), { minLength: 1, maxLength: 4 });
  const cases = fc.record({
    body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    id: fc.stringMatching(/^evt_[0-9a-f]{32}$/),
    timestampSeconds: fc.integer({ min: 0, max: 99_999_999_999 }),
    secrets,
    bit: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ body, id, timestampSeconds, secrets: keys, bit }) => {
      const texts = keys.map((key) => `whsec_${Buffer.from(key).toString("base64")}`);
      const headers = signWebhook({ id, timestampSeconds, body, secrets: texts });
      const one = { body, headers, nowMs: timestampSeconds * 1_000 };
      for (const secret of texts) expect(both({ ...one, secrets: [secret] })).toEqual([true, true]);
      const flipped = Uint8Array.from(body);
      const at = bit % (body.length * 8);
      flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
      expect(both({ ...one, body: flipped, secrets: texts })).toEqual([false, false]);
    }),
  );
});

test("no input of any shape makes it throw or say yes", () => {
  const names = fc.constantFrom("webhook-id", "webhook-timestamp", "webhook-signature", "x-nines-signature");
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.oneof(fc.string(), fc.anything())),
      fc.anything(),
      fc.anything(),
      (headers, body, secrets) => {
        const odd = { body, headers: headers as WebhookHeaders, secrets, nowMs: SECONDS * 1_000 } as WebhookToVerify;
        expect(both(odd)).toEqual([false, false]);
        expect(verifyWebhook({ ...odd, body: BODY, secrets: [NEW] })).toBe(false);
      },
    ),
  );
  for (const nothing of [null, undefined, 7, "x", {}])
    expect(verifyWebhook(nothing as unknown as WebhookToVerify)).toBe(false);
});

test("a malformed secret is refused by the signer without showing it, and ignored by the verifier", () => {
  for (const bad of ["whsec_c2hvcnQ=", "plain-text-secret", "whsec_???", "whsec_"]) {
    expect(() => signed([NEW, bad])).toThrow(/24 to 64 bytes/);
    try {
      signed([bad]);
    } catch (error) {
      expect(String(error)).not.toContain(bad.slice(6) || "nothing");
    }
    expect(verifyWebhook(request({ secrets: [bad] }))).toBe(false);
  }
});
