import { once } from "node:events";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Configuration } from "oidc-provider";
import Provider from "oidc-provider";

export type OidcServer = {
  readonly issuer: string;
  /** Who signs in next, and in which groups. */
  account: { sub: string; email: string; groups: string[] };
  readonly close: () => Promise<void>;
};

/** A real OpenID provider on a free port, which signs in whoever comes as `account` without a question. */
export const startOidcServer = async (client: {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
}): Promise<OidcServer> => {
  const server: Server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: OidcServer = {
    issuer,
    account: { sub: "sub-ana", email: "ana@example.com", groups: ["platform"] },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const configuration: Configuration = {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email"], profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ["test"] },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ ...state.account, sub: id, name: "Ana of the provider" }),
    }),
  };
  const provider = new Provider(issuer, configuration);
  const callback = provider.callback();
  server.on("request", (req, res) => {
    if (req.url?.startsWith("/interaction/") !== true) return void callback(req, res);
    const finish = async (): Promise<void> => {
      const { prompt, session, params } = await provider.interactionDetails(req, res);
      if (prompt.name === "login") {
        await provider.interactionFinished(req, res, { login: { accountId: state.account.sub } });
        return;
      }
      const grant = new provider.Grant({ accountId: session?.accountId ?? "", clientId: String(params.client_id) });
      grant.addOIDCScope("openid profile email");
      await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
    };
    finish().catch((error: unknown) => {
      res.statusCode = 500;
      res.end(String(error));
    });
  });
  return state;
};
