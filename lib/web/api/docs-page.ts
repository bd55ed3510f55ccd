import { createHash } from "node:crypto";
import type { OpenApiDocument } from "#lib/contracts/openapi.ts";
import type { Content, Described, Parameter } from "#lib/contracts/openapi-examples.ts";
import { escapeHtml } from "#lib/core/escape-html.ts";
import { DOCS_CSS, DOCS_SCRIPT } from "./docs-page-assets.ts";
import { schemaAnchor, schemaTable, typeWords } from "./docs-page-schema.ts";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** `/docs` runs its own script and style, named by their hashes, and loads nothing. */
export const DOCS_CONTENT_POLICY =
  `default-src 'none'; style-src ${hashOf(DOCS_CSS)}; script-src ${hashOf(DOCS_SCRIPT)}; img-src 'self'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Op = Described & { readonly method: string; readonly path: string };

const jsonBlock = (value: unknown): string =>
  `<pre tabindex="0">${escapeHtml(typeof value === "string" ? value : JSON.stringify(value, null, 2))}</pre>`;

const parametersOf = (parameters: readonly Parameter[]): string => {
  if (parameters.length === 0) return "";
  const rows = parameters.map(({ name, in: place, required, description, schema }) => {
    const text = description ?? (typeof schema.description === "string" ? schema.description : "");
    const mark = required === true ? "" : ' <span class="soft">optional</span>';
    return (
      `<tr><td><code>${escapeHtml(name)}</code>${mark}</td><td>${place}</td>` +
      `<td>${typeWords(schema)}${text === "" ? "" : `<br>${escapeHtml(text)}`}</td></tr>`
    );
  });
  const head = '<tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Value</th></tr>';
  return `<h3>Parameters</h3><table><thead>${head}</thead><tbody>${rows.join("")}</tbody></table>`;
};

const contentOf = (title: string, content: Content | undefined): string => {
  const [entry] = Object.entries(content ?? {});
  if (entry === undefined) return "";
  const [type, { schema, example }] = entry;
  return (
    `<h3>${title} <span class="soft">${escapeHtml(type)}</span></h3>${schemaTable(schema)}` +
    (example === undefined ? "" : jsonBlock(example))
  );
};

const responsesOf = ({ responses }: Op): string => {
  const all = Object.entries(responses);
  const success = all.find(([status]) => status.startsWith("2"));
  const others = all.filter(([status]) => status !== success?.[0]);
  const named = others.map(([status, { $ref, description }]) => {
    const name = $ref?.split("/").at(-1);
    return `<code>${status}</code> ${escapeHtml(name ?? description ?? "")}`;
  });
  const body = contentOf(`Answer ${success?.[0] ?? ""}`, success?.[1].content);
  return body + (named.length === 0 ? "" : `<h3>Else</h3><p>${named.join(" · ")}</p>`);
};

const operation = (op: Op): string => {
  const text = `${op.method} ${op.path} ${op.summary} ${op.operationId}`.toLowerCase();
  const retired = op.deprecated === true ? " <strong>Deprecated.</strong>" : "";
  return (
    `<details class="op" id="${escapeHtml(op.operationId)}" data-text="${escapeHtml(text)}"><summary>` +
    `<b class="m ${op.method}">${op.method.toUpperCase()}</b><code>${escapeHtml(op.path)}</code>` +
    `<span>${escapeHtml(op.summary)}${retired}</span></summary><div>` +
    `<p>${escapeHtml(op.description ?? "")}</p>${parametersOf(op.parameters ?? [])}` +
    `${contentOf("Body", op.requestBody?.content)}${responsesOf(op)}</div></details>`
  );
};

const section = (id: string, title: string, text: string, inner: string): string =>
  `<section id="${id}" data-part><h2>${escapeHtml(title)}</h2><p class="soft">${escapeHtml(text)}</p>${inner}</section>`;

const operationsOf = ({ paths }: OpenApiDocument): readonly Op[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]) => ({ ...described, method, path })),
  );

const sectionsOf = (document: OpenApiDocument): string => {
  const ops = operationsOf(document);
  const events = Object.entries(document.webhooks).map(([path, { post }]) => ({
    ...(post as Described),
    method: "event",
    path,
  }));
  const parts = document.tags.map(({ name, description }) => {
    const own = name === "webhooks" ? events : ops.filter(({ tags }) => tags.includes(name));
    return section(`tag-${name}`, name, description, own.map(operation).join(""));
  });
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details class="op" id="${schemaAnchor(name)}" data-text="${escapeHtml(name.toLowerCase())}"><summary>` +
      `<b class="m event">schema</b><code>${escapeHtml(name)}</code></summary><div>${schemaTable(schema)}</div></details>`,
  );
  return [
    ...parts,
    section("schemas", "schemas", "Everything that is sent and answered, by name", schemas.join("")),
  ].join("");
};

/** The reference at `/docs`, made from the description that the server itself serves. Complete without its script. */
export const docsPage = (document: OpenApiDocument): string => {
  const { title, version, description } = document.info;
  const links = [...document.tags.map(({ name }) => [`tag-${name}`, name] as const), ["schemas", "schemas"] as const];
  const servers = document.servers.map(
    ({ url, description: text }) => `<li><code>${escapeHtml(url)}</code> ${escapeHtml(text)}</li>`,
  );
  return (
    `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<title>${escapeHtml(title)} API</title><link rel="icon" href="/favicon.svg" type="image/svg+xml"><style>${DOCS_CSS}</style></head>` +
    `<body><a class="skip" href="#content">Skip to content</a><div class="frame"><nav aria-label="Contents"><p><a href="/">Status page</a></p>` +
    `<label for="q" hidden>Search</label><input id="q" type="search" autocomplete="off" hidden><ul>` +
    links.map(([id, name]) => `<li><a href="#${id}">${escapeHtml(name)}</a></li>`).join("") +
    `</ul></nav><main id="content"><h1>${escapeHtml(title)} API</h1><p>${escapeHtml(description)}</p><ul>${servers.join("")}</ul>` +
    `<p>Release ${escapeHtml(version)}. For programs: <a href="/openapi.json">OpenAPI 3.1</a>, <a href="/asyncapi.json">AsyncAPI 3.0</a>. ` +
    "gRPC, GraphQL and SOAP are not offered.</p>" +
    `${sectionsOf(document)}</main></div><script>${DOCS_SCRIPT}</script></body></html>`
  );
};
