import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { metricsRegistry } from "#lib/runtime/metrics.ts";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { headerOf, startMailServer } from "#test/support/mail-server.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { incident, mailThroughServer, subscriberWorld } from "./subscriber-world.ts";

let mail: TestMailServer;
let world: SubscriberWorld;
let key = "";
beforeAll(async () => {
  mail = await startMailServer({});
  world = await subscriberWorld(mailThroughServer(mail));
  key = await keyWith("subscribers:write");
});
afterAll(async () => {
  await world.drop();
  await mail.close();
});

const keyWith = async (scope: Scope): Promise<string> =>
  (
    await world.database.transaction((tx) =>
      createKey(tx, {
        name: scope,
        scopes: [scope],
        expiresAt: null,
        actor: "cli",
        now: world.clock.now(),
        randomBytes,
      }),
    )
  ).token;

const CONFIRM = /\/subscribe\/confirm\/[A-Za-z0-9._-]+/;
const newest = (address: string): string =>
  (mail.received.filter(({ to }) => to.includes(address)).at(-1)?.source ?? "")
    .replaceAll("=\r\n", "")
    .replaceAll("=3D", "=");
/** Subscribes and confirms an address; the Message-ID of a mail to it. */
const subscribe = async (address: string): Promise<string> => {
  await world.form("/subscribe", { channel: "email", address });
  await world.drain();
  await world.form(CONFIRM.exec(newest(address))?.[0] ?? "/no-link", {});
  await world.tell("incident.opened", `inc_${address}`, incident("investigating", "Down."));
  await world.drain();
  return headerOf(newest(address), "message-id") ?? "none";
};

/** A report as Postfix writes it. */
const reportOf = (args: { address: string; messageId: string; status: string; action?: string }): string =>
  [
    "Return-Path: <>",
    "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)",
    "Subject: Undelivered Mail Returned to Sender",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    '\tboundary="7D1A.1795/mx.example.net"',
    "",
    "This is a MIME-encapsulated message.",
    "",
    "--7D1A.1795/mx.example.net",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    "Your message could not be delivered.",
    "",
    "--7D1A.1795/mx.example.net",
    "Content-Description: Delivery report",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mx.example.net",
    "Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000",
    "",
    `Final-Recipient: rfc822; ${args.address}`,
    `Original-Recipient: rfc822;${args.address}`,
    `Action: ${args.action ?? "failed"}`,
    `Status: ${args.status}`,
    "Diagnostic-Code: smtp; 550 5.1.1 <nobody>: Recipient address",
    "    rejected: User unknown",
    "",
    "--7D1A.1795/mx.example.net",
    "Content-Type: text/rfc822-headers",
    "",
    `To: ${args.address}`,
    `Message-ID: ${args.messageId}`,
    "",
    "--7D1A.1795/mx.example.net--",
    "",
  ].join("\r\n");

const post = async (body: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${world.site.url}/hooks/bounces`, {
    method: "POST",
    body,
    headers: { "content-type": "message/rfc822", authorization: `Bearer ${key}`, ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text === "" ? "{}" : text) as { result?: string; code?: string } };
};
const stateOf = async (messageId: string) => {
  const id = /sub_[0-9a-f]{32}/.exec(messageId)?.[0] ?? "";
  const rows = await world.database.read(
    (db) => db<{ state: string; bounces: number }[]>`select state, bounces from subscribers where id = ${id}`,
  );
  return rows[0];
};
const counted = async (): Promise<Record<string, number>> => {
  const text = await metricsRegistry().metrics();
  const lines = text.matchAll(/^nines_bounce_reports_total\{[^}]*result="([a-z_]+)"[^}]*\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, result = "", count]) => [result, Number(count)]));
};

test("a mailbox that is gone is told no more at once, one that is full the third time, and what is our fault counts for nothing", async () => {
  const gone = { address: "gone@example.com", messageId: await subscribe("gone@example.com") };
  expect(await post(reportOf({ ...gone, status: "5.1.1" }))).toMatchObject({
    status: 200,
    body: { result: "disabled" },
  });
  expect(await stateOf(gone.messageId)).toEqual({ state: "disabled", bounces: 1 });

  const full = { address: "Full@example.com", messageId: await subscribe("Full@example.com") };
  const results = [];
  for (const [status, action] of [
    ["5.7.1", "failed"],
    ["4.4.1", "delayed"],
    ["5.2.2", "failed"],
    ["4.4.7", "failed"],
    ["5.2.2", "failed"],
  ] as const)
    results.push((await post(reportOf({ ...full, status, action }))).body.result);
  expect(results).toEqual(["ignored", "ignored", "counted", "counted", "disabled"]);
});

test("forged, foreign and oversized input is refused, changes nothing and is counted", async () => {
  const messageId = await subscribe("ada@example.com");
  const ada = { address: "ada@example.com", messageId, status: "5.1.1" };
  const before = await counted();
  const forged = messageId.replace(/sub_[0-9a-f]{32}/, `sub_${"0".repeat(32)}`);
  const refused = [
    await post(reportOf({ ...ada, messageId: "<1@elsewhere.example>" })),
    await post(reportOf({ ...ada, address: "bob@example.com" })),
    await post("From: eve@example.com\r\n\r\nPlease end the subscription of ada@example.com."),
    await post(reportOf(ada), { "content-type": "application/json" }),
    await post(`${reportOf(ada)}${"x".repeat(262_144)}`),
    await post(reportOf(ada), { authorization: "Bearer no" }),
    await post(reportOf(ada), { authorization: `Bearer ${await keyWith("subscribers:read")}` }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([422, 422, 422, 415, 413, 401, 403]);
  expect(await post(reportOf({ ...ada, messageId: forged }))).toMatchObject({ body: { result: "unknown" } });
  expect(await stateOf(messageId)).toEqual({ state: "active", bounces: 0 });
  const after = await counted();
  expect((after.invalid_request ?? 0) - (before.invalid_request ?? 0)).toBe(3);
  expect((after.payload_too_large ?? 0) - (before.payload_too_large ?? 0)).toBe(1);
  expect((await fetch(`${world.site.url}/hooks/bounces`)).status).toBe(405);
});
