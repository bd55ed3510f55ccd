import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ProblemDetail } from "#lib/contracts/api.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

let site: TestSite;
beforeAll(async () => {
  site = await startTestSite({ snapshot: null });
});
afterAll(() => site.stop());

/** What the server writes to raw bytes until it closes the connection. */
const raw = async (lines: readonly string[], body = ""): Promise<string> => {
  const socket = connect(Number(new URL(site.url).port), "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  await once(socket, "close");
  return text;
};

const GET = "GET /v1/meta HTTP/1.1";
const POST = "POST /v1/keys HTTP/1.1";

test.each([
  ["host", [GET, "Host: status.example.com", "host: other.example"]],
  ["host", ["GET / HTTP/1.1", "Host: a.example", "Accept: */*", "HOST: a.example"]],
  ["authorization", [GET, "Host: a", "Authorization: Bearer one", "authorization: Bearer two"]],
  ["idempotency-key", [POST, "Host: a", "Idempotency-Key: one", "Idempotency-Key: one", "Content-Length: 0"]],
  [
    "content-type",
    [POST, "Host: a", "Content-Type: application/json", "Content-Type: text/plain", "Content-Length: 0"],
  ],
])("two header fields %s are refused by name, whatever the address", async (name, lines) => {
  const answer = await raw(lines);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  const problem = ProblemDetail.parse(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4)));
  expect(problem.detail).toBe(`the header field ${name} is given more than once`);
});

test.each([
  ["two lengths that differ", ["Content-Length: 2", "Content-Length: 5"]],
  ["two lengths that agree", ["Content-Length: 2", "Content-Length: 2"]],
  ["a length in two parts", ["Content-Length: 2, 2"]],
  ["a length and chunks", ["Content-Length: 2", "Transfer-Encoding: chunked"]],
])("%s end the connection with 400", async (_name, lengths) => {
  expect(await raw([POST, "Host: a", "Content-Type: application/json", ...lengths], "{}")).toMatch(/^HTTP\/1\.1 400 /);
});

test("fields that may come several times still do", async () => {
  const answer = await raw([
    GET,
    "Host: a",
    "Accept: text/html",
    "Accept: application/json",
    "X-Odd: 1",
    "X-Odd: 2",
    "Connection: close",
  ]);
  expect(answer).not.toMatch(/^HTTP\/1\.1 400 /);
});
