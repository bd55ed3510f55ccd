import { z } from "zod";
import { ApiKeyResource, NewApiKeyResource, ScopeName } from "../api-keys.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, bodyText, listOf, NoQuery, paging, READ_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const expiresAt = bodyInstant("The key opens nothing from then on; without it, it lives until it is revoked");

const CreateKeyBody = z
  .strictObject({
    name: bodyText(100, "What the key is for"),
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

export const KEY_OPERATIONS = [
  {
    operationId: "listKeys",
    method: "GET",
    path: "/v1/keys",
    tag: "keys",
    summary: "List keys of the API, without their tokens",
    scope: "keys:read",
    query: z.strictObject(paging),
    response: listOf(ApiKeyResource, "ApiKeyList"),
    problems: READ_PROBLEMS,
  },
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
