import { expect, test } from "vitest";
import { bodyInstant, instant } from "./operation.ts";

test("an instant is one that a database can still count a window from", () => {
  for (const schema of [instant("A start"), bodyInstant("A start")]) {
    expect(schema.parse("2026-11-03T14:00:00Z")).toBe(Date.UTC(2026, 10, 3, 14));
    for (const text of ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
      expect(schema.safeParse(text).error?.issues[0]?.message).toBe("must be within the years 1970 to 8999");
  }
});
