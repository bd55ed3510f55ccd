import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { expect, test } from "vitest";
import { configureProvider } from "#test/support/identity-config.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { startTestSite } from "#test/support/web-site.ts";

test("a token is taken back by its name, and a key of the configuration stands in for a set that is away", async () => {
  const own = await generateKeyPair("RS256", { extractable: true });
  const db = await testDatabase();
  const publicKeys = [{ kid: "pem", pem: await exportSPKI(own.publicKey) }];
  // Nothing listens there.
  const tokenIssuers = [{ issuer: "ci", audience: "nines", jwksUrl: "http://127.0.0.1:9/jwks", publicKeys }];
  await configureProvider(db.database, { issuer: "http://127.0.0.1:9", clientSecret: "env:NONE", tokenIssuers });
  const site = await startTestSite({ snapshot: null, database: db.database });
  const make = (jti: string, { kid = "pem", alg = "RS256" } = {}) =>
    new SignJWT({ scope: "users:read keys:write", client_id: "deployer", jti })
      .setProtectedHeader({ alg, kid })
      .setIssuer("ci")
      .setAudience("nines")
      .setExpirationTime("5m")
      .sign(own.privateKey);
  const ask = async (token: string, body?: object) => {
    const answer = await fetch(`${site.url}/v1/${body === undefined ? "users" : "revoked-tokens"}`, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  try {
    const [stolen, other, third] = [await make("one"), await make("two"), await make("three")];
    expect((await ask(stolen)).status).toBe(200);
    expect((await ask(await make("one", { kid: "unknown" }))).status).toBe(401);
    const answer = await ask(other, { token: stolen, reason: "the runner was stolen" });
    expect(answer.status, answer.text).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ issuer: "ci", jti: "one", reason: "the runner was stolen" });
    expect((await ask(stolen)).status).toBe(401);
    expect((await ask(third, { issuer: "elsewhere", jti: "two" })).status).toBe(200);
    expect((await ask(other)).status).toBe(200);
    expect((await ask(third, { issuer: "ci", jti: "two" })).status).toBe(200);
    expect((await ask(other)).status).toBe(401);
    expect((await ask(third, { token: "nk_live_x" })).status).toBe(400);
    expect((await ask(third, { token: third, jti: "x", issuer: "y" })).status).toBe(400);
    const [log] = await db.database.read(
      (sql) => sql`select after::text as after from audit_log where subject = 'one'`,
    );
    expect(log?.after).not.toContain(stolen.slice(0, 20));
  } finally {
    await site.stop();
    await db.drop();
  }
});

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
