import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { PostArgs } from "#lib/egress/post.ts";
import { postJson } from "#lib/egress/post.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

const SECRET = "whsec_do-not-tell";
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=${SECRET}`;
};
const post = (url: string, over: Partial<PostArgs> = {}) =>
  postJson({
    url,
    headers: { "webhook-signature": SECRET },
    body: '{"a":1}',
    timeoutMs: 2_000,
    allow: ["127.0.0.1"],
    maxResponseBytes: 100,
    signal: new AbortController().signal,
    clock: systemClock,
    ...over,
  });

describe("posting a webhook", () => {
  test("sends JSON with its length and gives back status, headers and the beginning of the body", async () => {
    let got = "";
    const url = await serve((request, response) => {
      request.on("data", (chunk) => {
        got += `${request.headers["content-type"]} ${request.headers["content-length"]} ${String(chunk)}`;
      });
      request.on("end", () => response.writeHead(429, { "retry-after": "7" }).end("slow down"));
    });
    const result = await post(url);
    expect(got).toBe('application/json 7 {"a":1}');
    expect(result).toMatchObject({ kind: "answered", status: 429, bodyExcerpt: "slow down" });
    expect(result.kind === "answered" && result.headers["retry-after"]).toBe("7");
  });

  test("an answer longer than the cap, or one that never ends, still counts by its head", async () => {
    const long = await serve((_, response) => response.end("y".repeat(5_000)));
    expect(await post(long)).toMatchObject({ kind: "answered", status: 200, bodyExcerpt: "y".repeat(100) });
    const endless = await serve((_, response) => response.write("part"));
    const elapsedMs = startStopwatch();
    expect(await post(endless, { timeoutMs: 1_000 })).toMatchObject({
      kind: "answered",
      status: 200,
      bodyExcerpt: "part",
    });
    expect(elapsedMs()).toBeLessThan(1_500);
  });

  test("follows no redirect", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await post(url)).toMatchObject({ kind: "answered", status: 307 });
    expect(asked).toBe(1);
  });

  test("a receiver that cannot be reached is a reason in words that holds no secret", async () => {
    const closed = await serve((_, response) => response.end());
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    const silent = await serve(() => undefined);
    const results = [
      await post(closed),
      await post(silent, { timeoutMs: 100 }),
      await post(`http://10.0.0.1/${SECRET}`),
      await post(closed, { headers: { "x\r\n": SECRET } }),
    ];
    expect(results.map((result) => (result.kind === "failed" ? result.reason : "answered"))).toEqual([
      "connect_refused: ECONNREFUSED",
      "timeout: first_byte",
      "blocked: address not allowed",
      "internal_error: header name not valid",
    ]);
    expect(JSON.stringify(results)).not.toContain(SECRET);
    expect(JSON.stringify(results)).not.toContain("token");
  });
});
