import type { JWTHeaderParameters, JWTPayload } from "jose";
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import { epochMs } from "#lib/core/units.ts";
import { findMachine } from "./machine-token.ts";

const NOW = epochMs(Date.UTC(2026, 10, 22, 6));
const SECONDS = NOW / 1_000;
const ISSUER = { issuer: "https://idp.example.com", audience: "nines", jwksUrl: "https://idp.example.com/jwks" };
const CLAIMS: JWTPayload = {
  ...{ iss: ISSUER.issuer, aud: "nines", sub: "deployer", client_id: "ci" },
  ...{ scope: "incidents:write alerts:read other:thing", exp: SECONDS + 900, nbf: SECONDS },
};
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let rsa: Pair;
let ec: Pair;
let stranger: Pair;
let keys: ReturnType<typeof createLocalJWKSet>;
let publicPem: string;

beforeAll(async () => {
  const options = { extractable: true };
  rsa = await generateKeyPair("RS256", options);
  ec = await generateKeyPair("ES256", options);
  stranger = await generateKeyPair("RS256", options);
  publicPem = await exportSPKI(rsa.publicKey);
  keys = createLocalJWKSet({
    keys: [
      { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256", use: "sig" },
      { ...(await exportJWK(ec.publicKey)), kid: "ec", alg: "ES256", use: "sig" },
    ],
  });
});

const never = () => Promise.resolve(false);
const find = (token: string, isRevoked: Parameters<typeof findMachine>[1]["isRevoked"] = never) =>
  findMachine(token, { issuers: [ISSUER], keysOf: () => keys, now: NOW, isRevoked });
type Made = { claims?: JWTPayload; head?: Partial<JWTHeaderParameters>; key?: CryptoKey | Uint8Array };
const make = ({ claims = {}, head = {}, key = rsa.privateKey }: Made = {}): Promise<string> =>
  new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg: "RS256", kid: "rsa", ...head }).sign(key);

test("RS256 and ES256 tokens of the issuer open what their scope says, and nothing that is unknown here", async () => {
  const machine = await find(await make());
  expect(machine).toMatchObject({ kind: "client", id: "ci", name: "ci" });
  expect(machine?.scopes).toContain("alerts:read");
  expect(machine?.scopes).not.toContain("other:thing");
  expect(await find(await make({ head: { alg: "ES256", kid: "ec" }, key: ec.privateKey }))).not.toBeNull();
  expect(await find(await make({ head: { typ: "at+jwt" } }))).not.toBeNull();
});

test("clocks may differ by a minute and no more", async () => {
  const ends = (exp: number) => make({ claims: { exp: SECONDS + exp } });
  const begins = (nbf: number) => make({ claims: { nbf: SECONDS + nbf } });
  expect(await find(await ends(-59))).not.toBeNull();
  expect(await find(await ends(-61))).toBeNull();
  expect(await find(await begins(59))).not.toBeNull();
  expect(await find(await begins(61))).toBeNull();
});

test("a token lives for a day at the most, and was made by now", async () => {
  expect(await find(await make({ claims: { exp: SECONDS + 86_400 } }))).not.toBeNull();
  for (const exp of [SECONDS + 86_401, 1e15]) expect(await find(await make({ claims: { exp } }))).toBeNull();
  expect(await find(await make({ claims: { iat: SECONDS + 61 } }))).toBeNull();
});

test("of two issuers, each client is named with its own", async () => {
  const issuers = [ISSUER, { ...ISSUER, issuer: "https://other.example.com" }];
  const machine = await findMachine(await make(), { issuers, keysOf: () => keys, now: NOW, isRevoked: never });
  expect(machine).toMatchObject({ id: "https://idp.example.com#ci", name: "ci" });
});

test("a token that was taken back by its name opens nothing; one without a name is not asked for", async () => {
  const asked: unknown[] = [];
  const revoked = (named: { issuer: string; jti: string }) => {
    asked.push(named);
    return Promise.resolve(named.jti === "gone");
  };
  expect(await find(await make({ claims: { jti: "gone" } }), revoked)).toBeNull();
  expect(await find(await make({ claims: { jti: "here" } }), revoked)).not.toBeNull();
  expect(await find(await make(), revoked)).not.toBeNull();
  expect(asked).toEqual(["gone", "here"].map((jti) => ({ issuer: ISSUER.issuer, jti })));
  await expect(find(await make({ claims: { jti: "x" } }), () => Promise.reject(new Error("away")))).rejects.toThrow(
    "away",
  );
});

const hmacWithPublicKey = () => make({ head: { alg: "HS256" }, key: new TextEncoder().encode(publicPem) });
const embeddedKey = async () => make({ head: { jwk: await exportJWK(stranger.publicKey) }, key: stranger.privateKey });
const REFUSED: readonly (readonly [string, () => Promise<string>])[] = [
  ["no signature at all", async () => new UnsecuredJWT(CLAIMS).encode()],
  ["the public key as a secret of HS256", hmacWithPublicKey],
  ["a key in its own head", embeddedKey],
  ["jku", () => make({ head: { jku: "https://evil.example/jwks" } })],
  ["x5u", () => make({ head: { x5u: "https://evil.example/cert" } })],
  ["no kid", () => make({ head: { kid: undefined } as never })],
  ["a kid that is not there", () => make({ head: { kid: "../../etc/passwd" } })],
  ["a stranger's signature", () => make({ key: stranger.privateKey })],
  ["RS512", () => make({ head: { alg: "RS512" }, key: rsa.privateKey }).catch(() => "a.b.c")],
  ["another issuer", () => make({ claims: { iss: "https://evil.example" } })],
  ["another audience", () => make({ claims: { aud: "shop" } })],
  ["no expiry", () => make({ claims: { exp: undefined } as never })],
  ["another type", () => make({ head: { typ: "id+jwt" } })],
  ["a name that is no text", () => make({ claims: { jti: 7 as never } })],
  ["nobody", () => make({ claims: { sub: undefined, client_id: undefined } as never })],
];

test.each(REFUSED)("a token with %s opens nothing", async (_name, made) => {
  expect(await find(await made())).toBeNull();
});

test("a token whose content was changed opens nothing", async () => {
  const [head = "", , signature = ""] = (await make()).split(".");
  const body = Buffer.from(JSON.stringify({ ...CLAIMS, scope: "users:write" })).toString("base64url");
  expect(await find(`${head}.${body}.${signature}`)).toBeNull();
});
