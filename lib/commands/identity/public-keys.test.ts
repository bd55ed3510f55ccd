import type { JWTVerifyGetKey } from "jose";
import { exportSPKI, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { withPublicKeys } from "./public-keys.ts";

const none = { payload: "", signature: "" };
const away: JWTVerifyGetKey = () => Promise.reject(new Error("away"));

test("a key of the file stands in where the published set has none, for tokens of its own kind", async () => {
  const { publicKey } = await generateKeyPair("RS256", { extractable: true });
  const keys = [{ kid: "file", pem: await exportSPKI(publicKey) }];
  const published: JWTVerifyGetKey = () => Promise.resolve(new Uint8Array([1]));
  const own = await withPublicKeys(away, keys)({ alg: "RS256", kid: "file" }, none);
  expect(own).toMatchObject({ asymmetricKeyType: "rsa" });
  expect(await withPublicKeys(null, keys)({ alg: "RS256", kid: "file" }, none)).toMatchObject({ type: "public" });
  expect(await withPublicKeys(published, keys)({ alg: "RS256", kid: "file" }, none)).toEqual(new Uint8Array([1]));
  for (const head of [
    { alg: "ES256", kid: "file" },
    { alg: "HS256", kid: "file" },
  ])
    await expect(withPublicKeys(null, keys)(head, none)).rejects.toThrow("no applicable key");
  await expect(withPublicKeys(away, keys)({ alg: "RS256", kid: "other" }, none)).rejects.toThrow("away");
  await expect(withPublicKeys(null, [])({ alg: "RS256", kid: "file" }, none)).rejects.toThrow("no applicable key");
});
