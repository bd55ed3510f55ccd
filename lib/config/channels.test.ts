import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { documentOf } from "#lib/commands/config-rows.ts";
import { HOUR_MS } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { BAD_CHANNELS } from "#test/fixtures/config/bad-channels.ts";
import { CANARY } from "#test/fixtures/config/bad-files.ts";
import { loadConfig } from "./load-config.ts";

const base = readFileSync(new URL("../../test/fixtures/config/every-channel.yaml", import.meta.url), "utf8");
const KEY = `whsec_${Buffer.alloc(32, "k").toString("base64")}`;
const ENV = {
  HOOK_URL: `https://hooks.example.org/${CANARY}`,
  HOOK_KEY: KEY,
  HOOK_TOKEN: `Bearer ${CANARY}`,
  SLACK_URL: `https://hooks.slack.example/services/${CANARY}`,
  AM_TOKEN: `${CANARY}-am`,
  TEAMS_URL: `https://teams.example.org/${CANARY}`,
  NTFY_TOKEN: `tk_${CANARY}`,
  MAIL_PASSWORD: `${CANARY} with blanks`,
  NO_URL: `${CANARY} is no address`,
  PRIVATE_URL: `https://192.168.7.7/${CANARY}`,
  PLAIN_URL: `http://hooks.example.org/${CANARY}`,
  TWO_LINES: `${CANARY}\nsecond`,
};
const FILES: Readonly<Record<string, string>> = {
  "routing-key": "R0123456789abcdefR0123456789abcd\n",
  "discord-url": `https://discord.example.org/api/webhooks/1/${CANARY}\n`,
};
const readFile = (path: string): Uint8Array => {
  const text = FILES[path];
  if (text === undefined) throw new Error("no such file");
  return new TextEncoder().encode(text);
};
const load = (source: string) => loadConfig({ bytes: new TextEncoder().encode(source), env: ENV, readFile, judgeUrl });
const edited = (find: string, replacement: string): string => {
  const at = base.indexOf(find);
  expect(at, `every-channel.yaml holds ${JSON.stringify(find)}`).toBeGreaterThanOrEqual(0);
  return base.slice(0, at) + replacement + base.slice(at + find.length);
};

describe("a notification with one fault gives exactly one error", () => {
  const rows = BAD_CHANNELS.map(([name, find, replacement, path, kind]) => ({ name, find, replacement, path, kind }));
  test.each(rows)("$name", ({ find, replacement, path, kind }) => {
    const result = load(edited(find, replacement));
    const errors = result.ok ? [] : result.errors;
    expect(errors.map((error) => [error.path, error.kind])).toEqual([[path, kind]]);
    expect(errors[0]?.message).not.toContain(CANARY);
    expect(errors[0]?.line).toBeGreaterThan(9);
  });

  test("there are at least 60 of them, each with a name of its own", () => {
    expect(BAD_CHANNELS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(BAD_CHANNELS.map(([name]) => name)).size).toBe(BAD_CHANNELS.length);
  });
});

describe("every channel is read with the defaults of its kind", () => {
  const result = load(base);
  const config = result.ok ? result.config : null;
  const one = (id: string) => config?.notifications.find((endpoint) => endpoint.id === id);

  test("addresses, keys and headers come from where the file says", () => {
    expect(result.ok ? [] : result.errors).toEqual([]);
    expect(one("hook")).toMatchObject({ url: ENV.HOOK_URL, secret: KEY, fallbackId: "phone", events: ["*"] });
    expect(one("hook")?.headers).toEqual({ authorization: ENV.HOOK_TOKEN, "x-team": "shop" });
    expect(one("games")?.url).toBe(FILES["discord-url"]?.trim());
    expect(one("phone")).toMatchObject({
      url: "https://events.pagerduty.com/v2/enqueue",
      secret: FILES["routing-key"]?.trim(),
    });
    expect(one("alerts")).toMatchObject({ settings: { format: "webhook" }, isOrdered: true, maxInFlight: 1 });
  });

  test("rates, deadlines and hours follow the service unless the file says otherwise", () => {
    expect(config?.notifications.map(({ id, maxPerSecond, timeoutMs }) => [id, maxPerSecond, timeoutMs])).toEqual([
      ["hook", undefined, 5_000],
      ["chat", 2, 10_000],
      ["phone", 2, 10_000],
      ["alerts", undefined, 10_000],
      ["games", 2, 10_000],
      ["office", 4, 20_000],
      ["pocket", 1, 10_000],
      ["mail", 2, 30_000],
    ]);
    expect(one("chat")?.filters).toEqual({ services: ["shop"], severities: ["page", "ticket"] });
    expect(one("chat")?.settings).toMatchObject({
      remindEveryMs: 4 * HOUR_MS,
      quietHours: { timeZone: "Europe/Berlin" },
    });
    expect(one("pocket")?.settings?.quietHours).toEqual({
      from: "09:00",
      to: "17:00",
      timeZone: "Asia/Seoul",
      severities: ["ticket"],
    });
  });

  test("who wants reminders subscribes to them", () => {
    expect(one("chat")?.events).toEqual(["alert.firing", "alert.resolved", "alert.reminder"]);
    expect(one("office")?.events).not.toContain("alert.reminder");
  });

  test("what is kept in clear holds neither an address nor a key", () => {
    const text = config === null ? "" : documentOf(config).text;
    expect(text).toContain("oncall@example.com");
    for (const secret of [
      CANARY,
      KEY,
      "hooks.example.org",
      "R0123456789",
      "ntfy.example.org",
      "mail.example.com:587",
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test("a server without encryption may be used when egress.allow names it", () => {
    const inside = base
      .replace("smtp://mail.example.com:587", "smtp://10.20.1.1:25")
      .replace("    username: nines\n    secret: env:MAIL_PASSWORD\n", "    starttls: false\n");
    const loaded = load(inside);
    expect(loaded.ok ? loaded.config.notifications.at(-1)?.settings : loaded.errors).toMatchObject({ starttls: false });
  });
});
