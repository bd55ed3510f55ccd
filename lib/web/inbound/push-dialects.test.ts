import { describe, expect, test } from "vitest";
import { withoutTokens } from "../http/secret-path.ts";
import { peerOf, readAction, readGatus, readHealthchecks, readKuma } from "./push-dialects.ts";

const query = (text: string) => new URLSearchParams(text);

describe("Uptime Kuma", () => {
  test.each([
    ["", { kind: "ok", message: "OK", durationUs: null }],
    ["status=up&msg=fine&ping=12.5", { kind: "ok", message: "fine", durationUs: 12_500 }],
    ["status=down&msg=&ping=", { kind: "fail", message: "OK", durationUs: null }],
    ["status=UP", { kind: "fail" }],
    ["ping=abc", { kind: "ok", durationUs: null }],
    ["ping=100000000000", { durationUs: 100_000_000_000_000 }],
    ["ping=-1", { status: 404, text: "Invalid ping value. Must be between 0 and 100000000000 ms." }],
    ["ping=100000000001", { status: 404 }],
    ["ping=Infinity", { status: 404 }],
  ])("reads ?%s", (text, expected) => {
    expect(readKuma(query(text))).toMatchObject(expected);
  });
});

describe("Gatus", () => {
  test.each([
    ["success=true", { kind: "ok", durationUs: null, message: null }],
    ["success=true&duration=10s&error=ignored", { kind: "ok", durationUs: 10_000_000, message: null }],
    ["success=false&error=boom&duration=1m0.5s", { kind: "fail", message: "boom", durationUs: 60_500_000 }],
    ["success=true&duration=0", { durationUs: 0 }],
    ["success=true&duration=1h2m3s4ms5%C2%B5s6ns", { durationUs: 3_723_004_005 }],
    ["success=true&duration=-3s", { durationUs: 0 }],
    ["success=true&duration=10", { status: 400, text: 'invalid duration: time: invalid duration "10"' }],
    ["success=true&duration=s", { status: 400 }],
    ["success=yes", { status: 400, text: "missing or invalid success query parameter" }],
    ["", { status: 400 }],
  ])("reads ?%s", (text, expected) => {
    expect(readGatus(query(text))).toMatchObject(expected);
  });
});

describe("Healthchecks", () => {
  test.each([
    [undefined, { kind: "ok", exitCode: null }],
    ["start", { kind: "start", exitCode: null }],
    ["fail", { kind: "fail", exitCode: null }],
    ["log", { kind: "log", exitCode: null }],
    ["0", { kind: "ok", exitCode: 0 }],
    ["255", { kind: "fail", exitCode: 255 }],
    ["1x", null],
  ])("reads the action %s", (word, expected) => {
    expect(readAction(word)).toEqual(expected);
  });

  test("refuses exit codes that there are not, and run ids that are none", () => {
    const ok = { kind: "ok", exitCode: null } as const;
    expect(readHealthchecks({ kind: "fail", exitCode: 256 }, query(""), "")).toMatchObject({ status: 400 });
    expect(readHealthchecks(ok, query("rid=nonsense"), "")).toMatchObject({ status: 400, text: "invalid uuid format" });
    const runId = "5C3D3E5E-9D70-4F3B-9E0C-2B6C9F0B3C0A";
    expect(readHealthchecks(ok, query(`rid=${runId}`), "words")).toMatchObject({
      runId: runId.toLowerCase(),
      message: "words",
    });
  });
});

test("addresses of peers are told without zone and without the IPv6 form of IPv4", () => {
  expect([peerOf("::ffff:192.0.2.1"), peerOf("fe80::1%eth0"), peerOf(undefined)]).toEqual([
    "192.0.2.1",
    "fe80::1",
    null,
  ]);
});

test.each([
  ["/api/push/SECRET", "/api/push/[hidden]"],
  ["/ping/SECRET/start", "/ping/[hidden]"],
  ["//ping//SECRET", "//ping/[hidden]"],
  ["http://host/api/push/SECRET\\", "http://host/api/push/[hidden]"],
  ["/api/push/SECRET\n/x", "/api/push/[hidden]"],
  ["/API/PUSH/SECRET", "/API/PUSH/[hidden]"],
  ["/services/shopping/x", "/services/shopping/x"],
])("the path %j is told as %j", (path, told) => {
  expect(withoutTokens(path)).toBe(told);
});
