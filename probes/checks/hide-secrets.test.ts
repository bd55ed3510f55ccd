import { expect, test } from "vitest";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import { durationUs } from "#lib/core/units.ts";
import { sampleProbe } from "#test/support/sample-config.ts";
import { hideSecrets } from "./hide-secrets.ts";

const outcome = (detail: string | null, seen: readonly string[]): Outcome => ({
  class: "body_mismatch",
  detail,
  durationUs: durationUs(1_000),
  phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
  httpStatus: 200,
  bytesRead: 1,
  address: null,
  certificateExpiresAt: null,
  failures: seen.map((each) => ({ assertion: "body contains", expected: "fine", seen: each })),
});
const toldBy = (definition: ProbeDefinition, detail: string | null, seen: readonly string[]): string =>
  JSON.stringify(hideSecrets(definition, { outcome: outcome(detail, seen), traceId: null }));

const SECRET = 'pa"ss wört-4711';

test("a target that sends credentials back does not get them into the record, in whatever form", () => {
  const probe = sampleProbe({
    auth: { kind: "basic", username: "bob", password: SECRET },
    headers: { "x-api-key": "key-0815-key", cookie: "session=s3ss10n-id; theme=dark", "x-auth": "let-me-in" },
  });
  const basic = Buffer.from(`bob:${SECRET}`).toString("base64");
  const told = toldBy(probe, `sent ${SECRET}`, [
    `Basic ${basic}`,
    `only ${basic}`,
    JSON.stringify({ password: SECRET, key: "key-0815-key" }),
    `?p=${encodeURIComponent(SECRET)}`,
    "session=s3ss10n-id",
    "let-me-in",
    "x".repeat(1_000) + basic.slice(0, 12),
  ]);
  for (const part of ["ört-4711", "4711", basic.slice(0, 12), "0815", "s3ss10n", "let-me-in"])
    expect(told).not.toContain(part);
  expect(told).toContain("sent [hidden]");
});

test("nor does one that sends it back to a step of a journey", () => {
  const journey: ProbeDefinition = {
    ...sampleProbe(),
    type: "journey",
    steps: [
      {
        id: "login",
        name: "Sign in",
        url: "https://shop.example/login",
        method: "POST",
        headers: {},
        body: null,
        auth: { kind: "bearer", token: "t0ken-t0ken" },
        maxRedirects: 10,
        timeoutMs: sampleProbe().timeoutMs,
        assertions: [],
        extract: [],
        always: false,
      },
    ],
  } as ProbeDefinition;
  const part = { key: "login", name: "Sign in", outcome: outcome("Bearer t0ken-t0ken", ["t0ken-t0ken"]) };
  const hidden = hideSecrets(journey, { outcome: outcome("t0ken-t0ken", []), traceId: null, parts: [part] });
  expect(JSON.stringify(hidden)).not.toContain("t0ken");
});

test("what holds no secret stays as it is", () => {
  const probe = sampleProbe({ auth: { kind: "bearer", token: "t0ken-t0ken" } });
  const quiet = { outcome: outcome(null, []), traceId: null };
  expect(hideSecrets(probe, quiet)).toBe(quiet);
  const loud = { outcome: outcome("status 500", ["500", "<html>"]), traceId: null };
  expect(hideSecrets(probe, loud)).toEqual(loud);
});
