import { afterEach, describe, expect, test } from "vitest";
import { durationMs } from "#lib/core/units.ts";
import { checkJourney } from "#probes/checks/journey.ts";
import { checkDeps, openHandles, testCheckGuarantees } from "#test/support/check-world.ts";
import { classes, closeShops, json, ok, probe, startShop, step } from "#test/support/journey-world.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import { waitFor } from "#test/support/wait-for.ts";

afterEach(closeShops);

describe("one deadline over all steps", () => {
  test("a step that hangs ends in time for teardown, and nothing is left open", async () => {
    const before = openHandles();
    const { origin, seen } = await startShop({ "/a": ok, "/hang": () => undefined, "/undo": ok });
    const elapsedMs = startStopwatch();
    const { outcome, parts } = await checkJourney(
      probe(
        [
          step("a", { url: `${origin}/a` }),
          step("hang", { url: `${origin}/hang` }),
          step("undo", { url: `${origin}/undo`, always: true }),
        ],
        { timeoutMs: durationMs(1_000) },
      ),
      checkDeps(),
    );
    expect(elapsedMs()).toBeLessThan(1_500);
    expect(outcome).toMatchObject({ class: "timeout", detail: "hang: first_byte" });
    expect(classes(parts)).toEqual(["a ok", "hang timeout", "undo ok"]);
    expect(seen.at(-1)?.url).toBe("/undo");
    await closeShops();
    await waitFor("everything to be closed", () => openHandles() <= before);
  });

  test("when teardown hangs too, the journey still ends at its deadline", async () => {
    const { origin } = await startShop({ "/": () => undefined });
    const elapsedMs = startStopwatch();
    const { parts } = await checkJourney(
      probe(
        [
          step("hang", { url: `${origin}/hang` }),
          step("undo", { url: `${origin}/undo`, always: true }),
          step("again", { url: `${origin}/again`, always: true }),
        ],
        { timeoutMs: durationMs(500) },
      ),
      checkDeps(),
    );
    expect(elapsedMs()).toBeLessThan(1_000);
    expect(classes(parts)).toEqual(["hang timeout", "undo timeout", "again timeout"]);
    // Of its last milliseconds a timer may leave the step one in which it still begins.
    expect(parts?.at(-1)?.outcome.detail).toMatch(/^(no time left|connect|first_byte)/);
  });

  test("a shutdown in the middle is skipped and says nothing about the shop", async () => {
    const reached = Promise.withResolvers<void>();
    const { origin } = await startShop({ "/a": ok, "/hang": () => reached.resolve() });
    const shutdown = new AbortController();
    const running = checkJourney(
      probe([
        step("a", { url: `${origin}/a` }),
        step("b", { url: `${origin}/hang` }),
        step("c", { url: `${origin}/a`, always: true }),
      ]),
      checkDeps({ signal: shutdown.signal }),
    );
    await reached.promise;
    shutdown.abort();
    const { outcome, parts } = await running;
    expect(outcome.class).toBe("skipped");
    expect(classes(parts)).toEqual(["a ok", "b skipped", "c skipped"]);
  });
});

describe("secrets and addresses", () => {
  test("no extracted value shows in what is kept", async () => {
    const { origin } = await startShop({
      "/login": json({ token: "S3cretS3cret" }),
      "/use": (request, response) => void response.end(`you sent ${String(request.headers["x-t"])}`),
      "/hang": () => undefined,
    });
    const extract = [{ name: "token", from: "json_path", path: "$.token" }] as const;
    const { outcome, parts } = await checkJourney(
      probe([
        step("login", { url: `${origin}/login`, extract }),
        step("use", {
          url: `${origin}/use?t={{token}}`,
          headers: { "x-t": "{{token}}" },
          body: "{{token}}",
          method: "POST",
          assertions: [{ type: "body", op: "eq", value: "welcome" }],
        }),
      ]),
      checkDeps(),
    );
    expect(outcome.failures.map(({ seen }) => seen)).toEqual(["you sent [hidden]"]);
    expect(JSON.stringify({ outcome, parts })).not.toContain("S3cret");
  });

  test("an extracted value cannot lead to an address that is not allowed", async () => {
    const { origin } = await startShop({ "/": json({ host: "@10.0.0.1/" }) });
    const { parts } = await checkJourney(
      probe([
        step("a", { url: `${origin}/`, extract: [{ name: "host", from: "json_path", path: "$.host" }] }),
        step("b", { url: "http://{{host}}/" }),
        step("c", { url: "http://10.0.0.1/{{host}}", always: true }),
      ]),
      checkDeps(),
    );
    expect(classes(parts)).toEqual(["a ok", "b blocked", "c blocked"]);
  });
});

describe("guarantees of every check", () => {
  testCheckGuarantees(({ host, port, timeoutMs }, deps) =>
    checkJourney(probe([step("only", { url: `http://${host}:${port}/` })], { timeoutMs: durationMs(timeoutMs) }), deps),
  );
});
