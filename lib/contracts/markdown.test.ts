import fc from "fast-check";
import { expect, test } from "vitest";
import { incidentHtml, plainText } from "./markdown.ts";

const TAGS = "p|br|strong|em|del|code|pre|blockquote|ul|ol|li|hr|a|h3|h4|h5|h6|table|thead|tbody|tr|th|td";
/** Every `<` of the output opens or closes an element of the list, with no attribute but those that are allowed. */
const SAFE = new RegExp(
  `^(?:[^<]|</(?:${TAGS})>|<(?:${TAGS})(?: /)?>|<ol start="\\d+">|<a(?: href="(?:https?:|mailto:)[^"<>]*")? rel="noopener nofollow">)*$`,
);

const ATTACKS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<iframe src=javascript:alert(1)></iframe>",
  "<a href='javascript:alert(1)'>x</a>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](java&#10;script:alert(1))",
  "[x](&#x6A;avascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](vbscript:msgbox(1))",
  "[x](//evil.example/x)",
  '[x](https://a.example/" onmouseover="alert(1))',
  '[x](https://a.example "t\\" onmouseover=alert(1) x=\\"")',
  "![x](https://evil.example/track.png)",
  "![x](javascript:alert(1))",
  "<javascript:alert(1)>",
  "<https://a.example/?q=<script>alert(1)</script>>",
  "[x]: javascript:alert(1)\n\n[x]",
  "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<![CDATA[<script>alert(1)</script>]]>",
  "<p style='background:url(javascript:alert(1))' id=x class=y>z</p>",
  "<form action=https://evil.example><input name=password></form>",
  "<base href=https://evil.example><meta http-equiv=refresh content=0>",
  "`<script>alert(1)</script>`",
  "```html\n<script>alert(1)</script>\n```",
  '```"><script>alert(1)</script>\nx\n```',
  "| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <script>1</script> | d |",
  "# <img src=x onerror=alert(1)>",
  "1337. <b onclick=alert(1)>x",
  "\u0000<scr\u0000ipt>alert(1)</scr\u0000ipt>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "<x onfocus=alert(1) autofocus tabindex=1>",
  "<details open ontoggle=alert(1)>",
];

test.each(ATTACKS)("nothing runs, loads or submits: %s", (attack) => {
  expect(incidentHtml(attack)).toMatch(SAFE);
  expect(incidentHtml(`before ${attack} after`)).toMatch(SAFE);
});

test("no mixture of such pieces gets through either", () => {
  const piece = fc.oneof(
    fc.constantFrom(...ATTACKS, "<", ">", '"', "'", "](", "[", "`", "\n\n", "*", "&#60;"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      expect(incidentHtml(pieces.join(""))).toMatch(SAFE);
    }),
    { numRuns: 200 },
  );
});

test("what people write is kept: emphasis, lists, links, tables, code, and headings below those of the page", () => {
  expect(incidentHtml("# A\n\n**b** *c* [d](https://e.example)\n\n- f")).toBe(
    '<h3>A</h3>\n<p><strong>b</strong> <em>c</em> <a href="https://e.example" rel="noopener nofollow">d</a></p>\n<ul>\n<li>f</li>\n</ul>',
  );
});

test("as plain text the markup is gone and every sign is what it was", () => {
  expect(plainText('a & b **c** < d > "e" [f](https://g.example)')).toBe('a & b c < d > "e" f');
  expect(plainText("We look into it.")).toBe("We look into it.");
});

test("a link whose address is refused becomes its words, any other keeps its address", () => {
  expect(incidentHtml("[see](javascript:alert(1)) and [here](https://example.com/a)")).toBe(
    '<p>see and <a href="https://example.com/a" rel="noopener nofollow">here</a></p>',
  );
});
