import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../tools/steps.ts";

const read = (name: string): Promise<string> => readFile(join(ROOT, "docs", "deploy", name), "utf8");

type Plugin = { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
type Kong = {
  readonly services: readonly { readonly routes: readonly { readonly name: string; readonly plugins?: Plugin[] }[] }[];
  readonly plugins: readonly Plugin[];
  readonly consumers: readonly { readonly jwt_secrets: readonly { readonly algorithm: string }[] }[];
};

test("the Kong sample limits the API to 1,000 requests a minute, asks tokens for exp, and gives every request an id", async () => {
  const kong = parse(await read("kong.yaml")) as Kong;
  const apiRoutes = kong.services.flatMap(({ routes }) => routes).filter(({ name }) => name.startsWith("nines-api"));
  expect(apiRoutes).toHaveLength(2);
  for (const { plugins = [] } of apiRoutes)
    expect(plugins.find(({ name }) => name === "rate-limiting")?.config.minute).toBe(1_000);
  const jwt = apiRoutes.flatMap(({ plugins = [] }) => plugins).find(({ name }) => name === "jwt");
  expect(jwt?.config.claims_to_verify).toContain("exp");
  expect(kong.plugins.find(({ name }) => name === "correlation-id")?.config.header_name).toBe("X-Request-ID");
  expect(kong.consumers.flatMap(({ jwt_secrets }) => jwt_secrets).map(({ algorithm }) => algorithm)).toEqual(["RS256"]);
});

test("every variable that a sample sets is one that Nines or the database reads", async () => {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const compose = parse(await read("compose.yaml")) as {
    services: Record<string, { environment: Record<string, string> }>;
  };
  const units = `${await read("nines.service")}\n${await read("nines-agent.service")}\n${await read("Containerfile")}`;
  const names = [
    ...Object.keys(compose.services.nines?.environment ?? {}),
    ...[...units.matchAll(/\b(?:Environment=|ENV |\s)((?:NINES|DATABASE|LOG)_[A-Z_]+)=/g)].map(
      ([, name]) => name ?? "",
    ),
  ];
  expect(names.length).toBeGreaterThan(4);
  for (const name of names) expect(readme, `${name} in README's table`).toContain(`\`${name}\``);
});

test("the stop of a unit, of a container and of a composition waits longer than the ten seconds that a stop may take", async () => {
  const seconds = [
    /TimeoutStopSec=(\d+)/.exec(await read("nines.service"))?.[1],
    /TimeoutStopSec=(\d+)/.exec(await read("nines-agent.service"))?.[1],
    /stop_grace_period: (\d+)s/.exec(await read("compose.yaml"))?.[1],
  ].map(Number);
  for (const wait of seconds) expect(wait).toBeGreaterThan(10);
});
