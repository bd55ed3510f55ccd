import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { exportConfig } from "./export/config.ts";
import { loadConfig } from "./load-config.ts";

const pemOf = (type: "rsa" | "ec", size: number | string): string => {
  const { publicKey } =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: Number(size) })
      : generateKeyPairSync("ec", { namedCurve: String(size) });
  return publicKey.export({ type: "spki", format: "pem" }).toString();
};
const [rsa, ec] = [pemOf("rsa", 2_048), pemOf("ec", "P-256")];

const load = (issuer: object) => {
  const document = {
    version: 1,
    locations: [{ id: "here" }],
    services: [
      {
        id: "shop",
        name: "Shop",
        probes: [{ id: "home", type: "http", url: "https://shop.example/", interval: "30s", locations: ["here"] }],
      },
    ],
    identity: { token_issuers: [{ issuer: "ci", audience: "nines", ...issuer }] },
  };
  // JSON is YAML.
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const readFile = () => {
    throw new Error("no file is read");
  };
  return loadConfig({ bytes, env: {}, readFile, judgeUrl });
};
const faultsOf = (issuer: object): (readonly [string, string])[] => {
  const result = load(issuer);
  return result.ok ? [] : result.errors.map(({ path, kind }) => [path, kind] as const);
};
const AT = "identity.token_issuers[0]";
const keys = (pem: string) => ({ public_keys: [{ kid: "k", pem }] });

test("keys of an issuer stand in the file or at an address; one of the two must", () => {
  expect(faultsOf({ jwks_url: "https://id.example.com/jwks" })).toEqual([]);
  expect(
    faultsOf({
      public_keys: [
        { kid: "a", pem: rsa },
        { kid: "b", pem: ec },
      ],
    }),
  ).toEqual([]);
  expect(faultsOf({})).toEqual([[`${AT}.jwks_url`, "missing"]]);
  expect(faultsOf({ public_keys: [] })).toEqual([[`${AT}.jwks_url`, "missing"]]);
});

test("only public keys that RS256 and ES256 can be checked with are taken, and no private key by mistake", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const odd = [
    secret,
    pemOf("rsa", 1_024),
    pemOf("ec", "P-384"),
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "",
  ];
  for (const pem of odd)
    expect(faultsOf(keys(pem)), pem.slice(0, 60)).toEqual([[`${AT}.public_keys[0].pem`, "format"]]);
  expect(JSON.stringify(load(keys(secret)))).not.toContain(secret.slice(40, 80));
});

test("what is exported is what was written", () => {
  const result = load({ ...keys(rsa), jwks_url: "https://id.example.com/jwks" });
  if (!result.ok) throw new Error("the file is fine");
  const exported = exportConfig(result.config, { secret: () => "env:NONE", header: (_name, value) => value });
  expect(exported.identity).toMatchObject({
    token_issuers: [{ issuer: "ci", audience: "nines", jwks_url: "https://id.example.com/jwks", ...keys(rsa) }],
  });
});
