import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { command } from "#lib/cli/commands/egress-check.ts";

const run = async (input: string, ...args: string[]) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const exitCode = await command.run({ args, env: {}, stdin, stdout, stderr, signal: new AbortController().signal });
  stdout.end();
  return { exitCode, out: await text(stdout) };
};
const check = async (requests: unknown, ...args: string[]) => {
  const { exitCode, out } = await run(JSON.stringify(requests), ...args);
  expect(exitCode).toBe(0);
  return JSON.parse(out) as { url: unknown; verdict: string; stage: string; reason: string }[];
};
const one = async (request: unknown, ...args: string[]): Promise<string> => {
  const [answer] = await check([request], ...args);
  return `${answer?.verdict} ${answer?.stage} ${answer?.reason}`;
};

describe("egress-check", () => {
  test("answers as documented, word for word", async () => {
    const answers = await check([
      { url: "http://10.0.0.1/" },
      { url: "http://corp.example/", resolves: ["10.0.0.5"] },
      { url: "https://ok.example/", resolves: ["93.184.216.34"] },
      {
        url: "http://hop.example/",
        redirects: [{ url: "http://hop.example/", resolves: ["8.8.8.8"] }, { url: "http://169.254.169.254/latest/" }],
      },
    ]);
    expect(answers).toEqual([
      { url: "http://10.0.0.1/", verdict: "deny", stage: "literal", reason: "private address" },
      { url: "http://corp.example/", verdict: "deny", stage: "resolve", reason: "resolves to a private address" },
      { url: "https://ok.example/", verdict: "allow", stage: "resolve", reason: "globally reachable" },
      { url: "http://hop.example/", verdict: "deny", stage: "redirect", reason: "link-local address" },
    ]);
  });

  const ok = { url: "https://ok.example/a/", resolves: ["8.8.8.8"] };
  const hops = (...rest: object[]) => ({ url: ok.url, redirects: [ok, ...rest] });
  test.each<[string, unknown]>([
    ["deny parse not a URL", { url: "nonsense" }],
    ["deny parse scheme not allowed", { url: "file:///etc/passwd" }],
    ["deny parse userinfo in the URL", { url: "http://a:b@ok.example/" }],
    ["deny parse port not allowed", { url: "http://ok.example:25/" }],
    ["deny parse invisible character", { url: "http://ok\u200b.example/" }],
    ["deny literal loopback address", { url: "http://0x7f.1/" }],
    ["allow literal globally reachable", { url: "http://8.8.8.8/" }],
    ["deny name reserved name", { url: "http://db.internal/", resolves: ["8.8.8.8"] }],
    ["deny name single-label name", { url: "http://wiki/" }],
    ["allow name public name, not resolved", { url: "http://ok.example/" }],
    ["deny resolve resolves to a loopback address", { url: "http://ok.example/", resolves: ["8.8.8.8", "::1"] }],
    ["deny resolve resolves to an unspecified address", { url: "http://ok.example/", resolves: ["0.0.0.0"] }],
    ["deny resolve resolves to no address", { url: "http://ok.example/", resolves: [] }],
    ["deny resolve resolves to no IP address", { url: "http://ok.example/", resolves: ["localhost"] }],
    [
      "deny resolve resolves to a private address",
      { url: ok.url, redirects: [{ url: ok.url, resolves: ["10.0.0.1"] }] },
    ],
    ["allow resolve globally reachable", hops()],
    ["allow redirect globally reachable", hops({ url: "../b", resolves: ["8.8.4.4"] })],
    ["deny redirect resolves to a private address", hops({ url: "../b", resolves: ["10.0.0.1"] })],
    ["deny redirect redirect from https to http", hops({ url: "http://ok.example/", resolves: ["8.8.8.8"] })],
    ["deny redirect scheme not allowed", hops({ url: "gopher://ok.example/" })],
    ["deny redirect private address", hops({ url: "//10.0.0.1/" })],
    ["deny redirect userinfo in the URL", hops({ url: "//user@ok.example/" })],
    ["deny redirect not a URL", hops({ url: "https://[" })],
    [
      "deny redirect too many redirects",
      hops(...Array.from({ length: 11 }, () => ({ url: "/x", resolves: ["8.8.8.8"] }))),
    ],
    ["deny parse url is not valid", {}],
    ["deny parse entry is not valid", "http://ok.example/"],
  ])("%s: %j", async (expected, request) => expect(await one(request)).toBe(expected));

  test("what --allow names is open", async () => {
    expect(await one({ url: "http://10.1.1.1/" }, "--allow", "10.0.0.0/8")).toMatch(/^allow literal/);
    expect(await one({ url: "http://wiki/", resolves: ["10.0.0.1"] }, "--allow", "wiki")).toMatch(/^allow resolve/);
    expect(await one({ url: "http://wiki/", resolves: ["169.254.169.254"] }, "--allow", "wiki")).toMatch(
      /^deny resolve/,
    );
  });

  test.each(["", "{", '{"url":"http://a.example/"}', "null"])(
    "input that is no array is wrong usage: %j",
    async (input) => {
      expect((await run(input)).exitCode).toBe(2);
    },
  );
});
