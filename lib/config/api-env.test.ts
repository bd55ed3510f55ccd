import { expect, test } from "vitest";
import { networkList, readApiSettings } from "./api-env.ts";

test("nothing set: nobody is trusted, no origin, no network list, 100 tokens and 10 a second", () => {
  expect(readApiSettings({ NINES_CORS_ORIGINS: "" })).toEqual({
    trustedHops: 0,
    corsOrigins: [],
    allow: [],
    deny: [],
    rateLimit: { capacity: 100, refillPerSecond: 10 },
  });
  expect(readApiSettings({ NINES_RATE_LIMIT: "off" }).rateLimit).toBeNull();
});

test.each([
  { NINES_TRUSTED_HOPS: "-1" },
  { NINES_TRUSTED_HOPS: "11" },
  { NINES_CORS_ORIGINS: "https://a.example/" },
  { NINES_CORS_ORIGINS: "*" },
  { NINES_CORS_ORIGINS: "null" },
  { NINES_API_ALLOW: "10.0.0.0/33" },
  { NINES_API_DENY: "example.com" },
  { NINES_RATE_LIMIT: "0/10" },
  { NINES_RATE_LIMIT: "many" },
])("%j is refused by name", (env) => {
  expect(() => readApiSettings(env)).toThrow(Object.keys(env)[0]);
});

test("a list of networks knows addresses of both families", () => {
  const list = networkList(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]);
  expect(list.check("10.1.2.3", "ipv4")).toBe(true);
  expect(list.check("192.0.2.2", "ipv4")).toBe(false);
  expect(list.check("2001:db8:1::1", "ipv6")).toBe(true);
});
