import { describe, expect, test } from "vitest";
import { AppError } from "#lib/core/errors.ts";
import { readEnvironment } from "./env.ts";

const CANARY = "C4n4ryC4n4ry";
const KEY = Buffer.alloc(32, "k").toString("base64");

const refusalOf = (env: Record<string, string>): AppError | null => {
  try {
    readEnvironment(env);
    return null;
  } catch (error) {
    return error instanceof AppError ? error : null;
  }
};

describe("the environment", () => {
  test("nothing set gives the documented defaults", () => {
    expect(readEnvironment({})).toEqual({
      databaseUrl: null,
      configPath: null,
      host: "0.0.0.0",
      port: 3000,
      dataDir: "./.nines",
      secretKey: null,
      oldSecretKeys: [],
      logLevel: null,
      nodeEnv: null,
    });
  });

  test("an empty variable is one that is not set", () => {
    expect(readEnvironment({ PORT: "", DATABASE_URL: "", LOG_LEVEL: " ", NINES_CONFIG: "" })).toEqual(
      readEnvironment({}),
    );
  });

  test("what is set is read", () => {
    const env = {
      DATABASE_URL: "postgres://n:p@db:5432/nines",
      PORT: "0",
      HOST: "::1",
      NINES_SECRET_KEY: KEY,
      LOG_LEVEL: "debug",
    };
    expect(readEnvironment(env)).toMatchObject({
      databaseUrl: env.DATABASE_URL,
      port: 0,
      host: "::1",
      secretKey: KEY,
      oldSecretKeys: [],
      logLevel: "debug",
    });
  });

  test.each([
    ["PORT", "http", "USAGE"],
    ["PORT", "-1", "USAGE"],
    ["PORT", "65536", "USAGE"],
    ["PORT", "80.5", "USAGE"],
    ["HOST", "a host", "USAGE"],
    ["LOG_LEVEL", "loud", "USAGE"],
    ["NODE_ENV", "staging", "USAGE"],
    ["DATABASE_URL", `mysql://root:${CANARY}@db/nines`, "USAGE"],
    ["DATABASE_URL", CANARY, "USAGE"],
    ["NINES_SECRET_KEY", CANARY, "SECRET_KEY_INVALID"],
    ["NINES_SECRET_KEY", `${CANARY}!`, "SECRET_KEY_INVALID"],
  ])("%s=%s is refused by name, without repeating the value", (name, value, code) => {
    const error = refusalOf({ [name]: value });
    expect(error?.code).toBe(code);
    expect(error?.detail).toContain(name);
    expect(error?.detail).not.toContain(CANARY);
  });
});
