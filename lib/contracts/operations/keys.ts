import { z } from "zod";
import { API_VERSIONS, ApiKeyResource, NewApiKeyResource, ScopeName } from "../api-keys.ts";
import { RevokedTokenResource } from "../revoked-tokens.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, bodyLine, NoQuery, WRITE_PROBLEMS } from "./operation.ts";

const expiresAt = bodyInstant("The key opens nothing from then on; without it, it lives until it is revoked");

const CreateKeyBody = z
  .strictObject({
    name: bodyLine(100, "What the key is for"),
    scopes: z.array(ScopeName).min(1).max(100).meta({ description: "None that the asking key does not hold itself" }),
    expiresAt: expiresAt.optional(),
    mode: z
      .enum(["live", "test"])
      .default("live")
      .meta({ description: "A test key opens the demonstration only, and is made only there" }),
  })
  .meta({ id: "ApiKeyCreation" });

const RotateKeyBody = z
  .strictObject({
    graceDays: z.number().int().min(0).max(30).default(30).meta({ description: "Days that the old key goes on" }),
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: "ApiKeyRotation" });

const ChangeKeyBody = z
  .strictObject({
    name: bodyLine(100, "What the key is for").optional(),
    apiVersion: z
      .enum(API_VERSIONS)
      .optional()
      .meta({ description: "A newer calendar version to lock the key to. There is no way back" }),
  })
  .refine((body) => Object.keys(body).length > 0, "names nothing to change")
  .meta({ id: "ApiKeyChange", description: "What is left out stays" });

const claim = (description: string) => bodyLine(1_000, description).optional();
const RevokeTokenBody = z
  .strictObject({
    token: z.string().min(5).max(8_192).optional().meta({ description: "The JWT itself; only its name is kept" }),
    issuer: claim("`iss` of the token"),
    jti: claim("`jti` of the token"),
    reason: bodyLine(500, "Why; it is in the audit log").optional(),
  })
  .refine(({ token, issuer, jti }) => (token !== undefined) !== (issuer !== undefined && jti !== undefined), {
    message: "give either token, or issuer and jti",
    path: ["token"],
  })
  .meta({ id: "TokenRevocation", description: "Either `token`, or `issuer` and `jti`" });

export const KEY_OPERATIONS = [
  listOperation({
    operationId: "listKeys",
    path: "/v1/keys",
    tag: "keys",
    summary: "List keys of the API, without their tokens",
    scope: "keys:read",
    query: wholePaging("keys"),
    item: ApiKeyResource,
    name: "ApiKeyList",
  }),
  {
    operationId: "createKey",
    method: "POST",
    path: "/v1/keys",
    tag: "keys",
    summary: "Make a key; its token is in this answer only",
    scope: "keys:write",
    query: NoQuery,
    body: CreateKeyBody,
    response: NewApiKeyResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "changeKey",
    method: "PATCH",
    path: "/v1/keys/{id}",
    tag: "keys",
    summary: "Rename a key, or let it have answers of a newer version of the API",
    scope: "keys:write",
    query: NoQuery,
    body: ChangeKeyBody,
    response: ApiKeyResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "revokeToken",
    method: "POST",
    path: "/v1/revoked-tokens",
    tag: "keys",
    summary: "Take a token of an identity provider back, by its jti, from now on until it ends",
    scope: "keys:write",
    query: NoQuery,
    body: RevokeTokenBody,
    response: RevokedTokenResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "rotateKey",
    method: "POST",
    path: "/v1/keys/{id}/rotate",
    tag: "keys",
    summary: "Replace a key by a new one with the same name and scopes",
    scope: "keys:write",
    query: NoQuery,
    body: RotateKeyBody,
    response: NewApiKeyResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "revokeKey",
    method: "DELETE",
    path: "/v1/keys/{id}",
    tag: "keys",
    summary: "Revoke a key for good; again, it changes nothing",
    scope: "keys:write",
    query: NoQuery,
    response: null,
    status: 204,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
