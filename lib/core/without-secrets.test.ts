import { expect, test } from "vitest";
import { sampleProbe } from "#test/support/sample-config.ts";
import type { JourneyProbeDefinition } from "./definitions.ts";
import { durationMs } from "./units.ts";
import { secretsOf, withoutSecrets, withSecrets } from "./without-secrets.ts";

const CANARY = "C4n4ry";

test("passwords, tokens, keys and the headers that hold them are hidden, all else stays", () => {
  const probe = sampleProbe({
    headers: {
      authorization: CANARY,
      "x-api-key": CANARY,
      "x-auth": CANARY,
      "x-session-id": CANARY,
      accept: "text/html",
    },
    auth: { kind: "basic", username: "probe", password: CANARY },
    clientCertificate: { certPem: "public", keyPem: CANARY },
  });
  const hidden = withoutSecrets(probe);
  expect(JSON.stringify(hidden)).not.toContain(CANARY);
  expect(hidden).toEqual({
    ...probe,
    headers: {
      authorization: "[hidden]",
      "x-api-key": "[hidden]",
      "x-auth": "[hidden]",
      "x-session-id": "[hidden]",
      accept: "text/html",
    },
    auth: { kind: "basic", username: "probe", password: "[hidden]" },
    clientCertificate: { certPem: "public", keyPem: "[hidden]" },
  });
});

test("so are those of the steps of a journey", () => {
  const journey: JourneyProbeDefinition = {
    type: "journey",
    id: "checkout",
    intervalMs: durationMs(60_000),
    timeoutMs: durationMs(30_000),
    locations: ["fra"],
    assertions: [],
    steps: [
      {
        id: "login",
        name: "Sign in",
        url: "https://shop.example/login",
        method: "POST",
        headers: { cookie: CANARY },
        body: null,
        auth: { kind: "bearer", token: CANARY },
        maxRedirects: 10,
        timeoutMs: durationMs(5_000),
        assertions: [],
        extract: [{ name: "token", from: "json_path", path: "$.token" }],
        always: false,
      },
    ],
  };
  const hidden = withoutSecrets(journey);
  expect(JSON.stringify(hidden)).not.toContain(CANARY);
  expect(hidden.steps[0]?.extract).toEqual(journey.steps[0]?.extract);
});

test("secrets that were taken out go back to their places, and one that is missing is noticed", () => {
  const probe = sampleProbe({
    headers: { cookie: CANARY, accept: "text/html" },
    auth: { kind: "bearer", token: `${CANARY}-2` },
  });
  const secrets = secretsOf(probe);
  expect(Object.values(secrets)).toEqual([CANARY, `${CANARY}-2`]);
  expect(withSecrets(withoutSecrets(probe), secrets)).toEqual(probe);
  expect(withSecrets(probe, {}), "in clear, as older releases wrote it").toEqual(probe);
  expect(withSecrets(withoutSecrets(probe), {})).toBeNull();
  expect(secretsOf(sampleProbe())).toEqual({});
});
