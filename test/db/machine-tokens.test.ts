import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, test, vi } from "vitest";
import { configureProvider } from "#test/support/identity-config.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { startTestSite } from "#test/support/web-site.ts";

vi.setConfig({ testTimeout: 30_000 });

test("a machine's JWT opens what its scope says, by a key set that is fetched once", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" }];
  let fetched = 0;
  const server = createServer((_req, res) => {
    fetched += 1;
    res.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const db = await testDatabase();
  const tokenIssuers = [{ issuer: "ci", audience: "nines", jwksUrl: `${address}/jwks` }];
  await configureProvider(db.database, { issuer: address, clientSecret: "env:NONE", tokenIssuers });
  const site = await startTestSite({ snapshot: null, database: db.database });
  const ask = async (scope: string, audience = "nines"): Promise<number> => {
    const token = await new SignJWT({ scope, client_id: "deployer" })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setIssuer("ci")
      .setAudience(audience)
      .setExpirationTime("5m")
      .sign(privateKey);
    return (await fetch(`${site.url}/v1/users`, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  try {
    expect(await ask("users:read")).toBe(200);
    expect(await ask("alerts:read")).toBe(403);
    expect(await ask("users:read", "shop")).toBe(401);
    expect(fetched).toBe(1);
  } finally {
    await site.stop();
    server.close();
    await db.drop();
  }
});
