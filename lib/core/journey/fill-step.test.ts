import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillStep } from "./fill-step.ts";

const fill = (
  request: { url?: string; headers?: Record<string, string>; body?: string },
  values: Record<string, string>,
) =>
  fillStep(
    { url: request.url ?? "https://shop.example.com/", headers: request.headers ?? {}, body: request.body ?? null },
    new Map(Object.entries(values)),
  );
const urlOf = (url: string, value: string) => {
  const filled = fill({ url }, { v: value });
  return filled.kind === "filled" ? filled.request.url : filled;
};
const bodyOf = (type: string, body: string, value: string) => {
  const filled = fill({ headers: { "content-type": type }, body }, { v: value });
  return filled.kind === "filled" ? filled.request.body : filled;
};

describe("values in addresses", () => {
  test("they are percent-encoded in path and query, and stay within their place", () => {
    expect(urlOf("https://a.example/o/{{v}}/x?q={{ v }}", "a/b?c#d&e=é %")).toBe(
      "https://a.example/o/a%2Fb%3Fc%23d%26e%3D%C3%A9%20%25/x?q=a%2Fb%3Fc%23d%26e%3D%C3%A9%20%25",
    );
  });
  test.each(["..", ".", "%2e%2e"])("%j alone in a segment leads nowhere else", (value) => {
    const unfit = { kind: "unfit", variable: "v", place: "url" };
    if (!value.includes("%")) expect(urlOf("https://a.example/o/{{v}}", value)).toEqual(unfit);
    else expect(urlOf("https://a.example/o/{{v}}", value)).toBe("https://a.example/o/%252e%252e");
    expect(urlOf("https://a.example/o?q={{v}}", value)).toContain("https://a.example/o?q=");
  });
  test("dots that only together lead up are seen", () => {
    expect(urlOf("https://a.example/o/.{{v}}/x", ".")).toMatchObject({ kind: "unfit" });
    expect(urlOf("https://a.example/o/{{v}}.json", ".")).toBe("https://a.example/o/..json");
  });
  test("host, user and port are not filled", () => {
    expect(urlOf("https://{{v}}.example/{{v}}", "evil")).toBe("https://{{v}}.example/evil");
    expect(urlOf("https://a.example?{{v}}", "x")).toBe("https://a.example?x");
  });
  test("whatever the value, origin and the number of segments stay", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (value) => {
        const url = urlOf("https://a.example/o/{{v}}/end?q={{v}}", value);
        if (typeof url !== "string") return;
        const parsed = new URL(url);
        expect(parsed.origin).toBe("https://a.example");
        expect(parsed.pathname.split("/")).toHaveLength(4);
        expect(parsed.searchParams.get("q")).toBe(value.toWellFormed());
        expect(parsed.hash).toBe("");
      }),
    );
  });
});

describe("values in headers", () => {
  test("what a header may hold is put in, what would begin another is not", () => {
    expect(fill({ headers: { authorization: "Bearer {{v}}" } }, { v: "a.b.c" })).toMatchObject({
      request: { headers: { authorization: "Bearer a.b.c" } },
    });
    for (const v of ["a\r\nx: y", "a\nb", "\0", "日本", " a", "a "])
      expect(fill({ headers: { "x-a": "{{v}}" } }, { v }), v).toEqual({
        kind: "unfit",
        variable: "v",
        place: "header",
      });
  });
});

describe("values in bodies", () => {
  test("JSON: whatever the value, the document keeps its shape", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('1, "admin": true', "12", "-1.5e3", "null", '"}', "\\")),
        (value) => {
          const body = bodyOf(
            "application/json; charset=utf-8",
            '{"id": {{v}}, "text": "a \\" {{v}}!", "n": [{{v}}]}',
            value,
          );
          const parsed = JSON.parse(String(body));
          expect(Object.keys(parsed)).toEqual(["id", "text", "n"]);
          expect(parsed.text).toBe(`a " ${value}!`);
          expect([value, JSON.stringify(parsed.id)]).toContain(typeof parsed.id === "string" ? parsed.id : value);
        },
      ),
    );
    expect(bodyOf("application/json", '{"id":{{v}}}', "12")).toBe('{"id":12}');
    expect(bodyOf("application/vnd.api+json", '{"id":{{v}}}', "012")).toBe('{"id":"012"}');
  });
  test("forms are percent-encoded, XML is escaped, anything else is as it is", () => {
    expect(bodyOf("application/x-www-form-urlencoded", "a={{v}}&b=1", "x&admin=1 +")).toBe("a=x%26admin%3D1%20%2B&b=1");
    expect(bodyOf("text/xml", '<a b="{{v}}"/>', `"/><x>'&`)).toBe('<a b="&quot;/&gt;&lt;x&gt;&apos;&amp;"/>');
    expect(bodyOf("text/plain", "{{v}} {{ v }} {{V}} {v}", "$& $1")).toBe("$& $1 $& $1 {{V}} {v}");
  });
  test("a value is not looked at again, and one that nobody extracted is missing", () => {
    expect(bodyOf("text/plain", "{{v}}", "{{w}}")).toBe("{{w}}");
    expect(fill({ url: "https://a.example/{{w}}" }, { v: "1" })).toEqual({ kind: "missing", variable: "w" });
    expect(fill({ url: "https://a.example/{{constructor}}" }, {})).toMatchObject({ kind: "missing" });
  });
});
