import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";

/** The addresses by which heartbeats are told of, as the tools do whose addresses they are (docs/heartbeats.md). */

const Token = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,200}$/)
  .meta({ description: "The secret of the heartbeat" });
const Action = z.string().meta({
  description:
    "`start`, `fail`, `log`, or an exit code from 0 to 255. Any other word is a slug: the token is then `{token}_{slug}`.",
  example: "fail",
});
const Slug = z.string().meta({ description: "The token is `{key}_{slug}`" });

const text = (description: string) => ({ description, content: { "text/plain": { schema: z.string() } } });
const AWAY = {
  ...text("The database is away and nothing was stored: try again after `Retry-After` seconds."),
  headers: z.object({ "Retry-After": z.string().meta({ description: "Seconds" }) }),
};

const TAG = { tags: ["heartbeats"], security: [] };

const PingAnswers = {
  "200": { ...text("Stored"), description: "Stored: the body is `OK`." },
  "400": text("The exit code or the `rid` cannot be read."),
  "404": text("No heartbeat has this token."),
  "503": AWAY,
};

const ping = (
  args: { id: string; summary: string; path: z.ZodObject },
  method: "get" | "post",
): ZodOpenApiOperationObject => ({
  ...TAG,
  operationId: `${method === "get" ? "ping" : "pingWithWords"}${args.id}`,
  summary: args.summary,
  requestParams: {
    path: args.path,
    query: z.object({ rid: z.uuid().optional().meta({ description: "Names the run that this belongs to" }) }),
  },
  ...(method === "post"
    ? {
        requestBody: {
          content: { "text/plain": { schema: z.string().meta({ description: "Up to 100 kB are kept" }) } },
        },
      }
    : {}),
  responses: PingAnswers,
});

const pingItem = (args: { id: string; summary: string; path: z.ZodObject }) => ({
  get: ping(args, "get"),
  post: ping(args, "post"),
});

const KumaAnswer = z.object({ ok: z.boolean(), msg: z.string().optional() }).meta({ id: "KumaAnswer" });
const kumaAnswer = (description: string) => ({ description, content: { "application/json": { schema: KumaAnswer } } });

const kuma = (method: "get" | "post"): ZodOpenApiOperationObject => ({
  ...TAG,
  operationId: method === "get" ? "pushKuma" : "pushKumaByPost",
  summary: "A heartbeat in the manner of Uptime Kuma; any method",
  requestParams: {
    path: z.object({ token: Token }),
    query: z.object({
      status: z.string().optional().meta({ description: "`up`, or anything else for down; left out: up" }),
      msg: z.string().optional(),
      ping: z.string().optional().meta({ description: "Milliseconds, up to 100,000,000,000" }),
    }),
  },
  responses: {
    "200": kumaAnswer("Stored"),
    "404": kumaAnswer("No heartbeat has this token, or `ping` is out of range."),
    "503": { ...AWAY, content: { "application/json": { schema: KumaAnswer } } },
  },
});

const gatus: ZodOpenApiOperationObject = {
  tags: ["heartbeats"],
  operationId: "pushGatus",
  summary: "A heartbeat in the manner of Gatus",
  security: [{ heartbeatToken: [] }],
  requestParams: {
    path: z.object({ key: z.string().meta({ description: "Any: the token says which heartbeat it is" }) }),
    query: z.object({
      success: z.enum(["true", "false"]),
      error: z.string().optional(),
      duration: z.string().optional().meta({ description: "As Go writes durations", example: "1m30.5s" }),
    }),
  },
  responses: {
    "200": { description: "Stored; the body is empty." },
    "400": text("`success` or `duration` cannot be read."),
    "401": text("There is no bearer token."),
    "404": text("No heartbeat has this token."),
    "503": AWAY,
  },
};

export const PUSH_PATHS: ZodOpenApiPathsObject = {
  "/ping/{token}": pingItem({
    id: "",
    summary: "A heartbeat in the manner of Healthchecks: all went well",
    path: z.object({ token: Token }),
  }),
  "/ping/{token}/{action}": pingItem({
    id: "Action",
    summary: "A heartbeat in the manner of Healthchecks: what happened, or a slug",
    path: z.object({ token: Token, action: Action }),
  }),
  "/ping/{token}/{slug}/{action}": pingItem({
    id: "SlugAction",
    summary: "A heartbeat in the manner of Healthchecks, by slug: what happened",
    path: z.object({ token: z.string().meta({ description: "The key before the slug" }), slug: Slug, action: Action }),
  }),
  "/api/push/{token}": { get: kuma("get"), post: kuma("post") },
  "/api/v1/endpoints/{key}/external": { post: gatus },
};
