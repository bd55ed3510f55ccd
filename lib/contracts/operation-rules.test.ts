import { describe, expect, test } from "vitest";
import { V1_OPERATIONS } from "./operations.ts";

const segmentsOf = (path: string): readonly string[] => path.split("/").slice(2);
const isParameter = (segment: string): boolean => segment.startsWith("{");
/** Things of which there is one, and words that end a file of another form. */
const SINGULAR: ReadonlySet<string> = new Set(["meta", "live", "audit", "metrics", "config"]);

describe("every operation of the API", () => {
  test.each(V1_OPERATIONS.map(({ method, path, operationId }) => ({ name: `${method} ${path}`, path, operationId })))(
    "$name keeps the form of addresses",
    ({ path, operationId }) => {
      expect(path).toMatch(/^\/v1(\/([a-z][a-z0-9-]*|\{\w+\}))+$/);
      const segments = segmentsOf(path);
      const [resource = ""] = segments;
      expect(resource.endsWith("s") || SINGULAR.has(resource), `${resource} is no plural`).toBe(true);
      expect(segments.filter(isParameter).length).toBeLessThanOrEqual(2);
      expect(segments.some((segment, index) => isParameter(segment) && isParameter(segments[index + 1] ?? ""))).toBe(
        false,
      );
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
    },
  );

  test("an address has one form only: no two differ in the names of their parameters", () => {
    const forms = new Map(V1_OPERATIONS.map(({ path }) => [path.replaceAll(/\{\w+\}/g, "{}"), new Set<string>()]));
    for (const { path } of V1_OPERATIONS) forms.get(path.replaceAll(/\{\w+\}/g, "{}"))?.add(path);
    for (const [form, paths] of forms) expect([...paths], form).toHaveLength(1);
  });
});
