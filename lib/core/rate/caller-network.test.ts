import { expect, test } from "vitest";
import { callerNetwork, forwardedAddress } from "./caller-network.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["1::2::3", "unknown"],
  ["nonsense", "unknown"],
])("%s counts as %s", (address, network) => {
  expect(callerNetwork(address)).toBe(network);
});

test("only as many entries as there are proxies of ours are believed, from the right", () => {
  const claimed = "6.6.6.6, 203.0.113.9, 10.0.0.1";
  expect(forwardedAddress("10.0.0.2", claimed, 0)).toBe("10.0.0.2");
  expect(forwardedAddress("10.0.0.2", claimed, 1)).toBe("10.0.0.1");
  expect(forwardedAddress("10.0.0.2", claimed, 2)).toBe("203.0.113.9");
  expect(forwardedAddress("10.0.0.2", undefined, 2)).toBe("10.0.0.2");
  expect(forwardedAddress("10.0.0.2", "203.0.113.9:4711", 1)).toBe("203.0.113.9");
  expect(forwardedAddress("10.0.0.2", "[2001:db8::1]:80", 1)).toBe("2001:db8::1");
});
