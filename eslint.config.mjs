import tseslint from "typescript-eslint";

/** Decisions only: what lib/core must not do, with what to do instead. */
const impure = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: "lib/core takes `now` as an argument.",
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: "lib/core takes `now` as an argument.",
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: "lib/core takes `random` as an argument.",
  },
  { selector: ":function[async=true]", message: "lib/core is synchronous: waiting is the shell's work." },
];
const impureGlobals = [
  "process",
  "fetch",
  "console",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "crypto",
  "performance",
  "Buffer",
  "localStorage",
].map((name) => ({
  name,
  message: "lib/core has no input or output: take what you need as an argument.",
}));

/** Everything that opens a connection belongs to lib/egress, which checks addresses, pins them and caps what comes back. */
const EGRESS = "requests leave through lib/egress only, which checks the address, pins it and caps the answer.";
const egressCalls = [
  { selector: "CallExpression[callee.name='fetch']", message: EGRESS },
  {
    selector:
      "CallExpression[callee.object.name=/^(http|https|net|tls|http2|dgram)$/][callee.property.name=/^(request|get|connect|createConnection|createSocket)$/]",
    message: EGRESS,
  },
];
const egressImports = [
  { name: "node:http", importNames: ["request", "get", "Agent"], message: EGRESS },
  { name: "node:https", message: EGRESS },
  { name: "node:http2", message: EGRESS },
  { name: "node:net", importNames: ["connect", "createConnection", "Socket"], message: EGRESS },
  { name: "node:tls", message: EGRESS },
  { name: "node:dgram", message: EGRESS },
  { name: "undici", message: EGRESS },
];
/** Code that is made from text at run time, shells, and the environment, each with its one place. */
const everywhere = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: "the environment is read in lib/config/env.ts only and handed down.",
  },
  { selector: "TSEnumDeclaration", message: "use a union of literals." },
  {
    selector: "CallExpression[callee.name='eval'], NewExpression[callee.name='Function']",
    message: "no code from text.",
  },
  {
    selector: "CallExpression[callee.property.name='unsafe']",
    message: "SQL takes parameters through tagged templates only.",
  },
];

export default tseslint.config(
  {
    ignores: [
      "node_modules",
      ".next",
      ".nines",
      "test-artefacts",
      "next-env.d.ts",
      "**/fixtures/**",
      "test/rules/fixture/**",
      "**/*.mjs",
      "**/*.cjs",
      "**/*.js",
    ],
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: ["test", "describe", "it"], package: "vitest" }] },
      ],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/only-throw-error": "error",
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-console": "error",
    },
  },
  {
    files: ["app/**/*.{ts,tsx}", "lib/**/*.ts", "probes/**/*.ts", "db/**/*.ts"],
    ignores: ["**/*.test.ts", "**/*.test.tsx"],
    rules: {
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-restricted-syntax": ["error", ...everywhere, ...egressCalls],
      "no-restricted-imports": ["error", { paths: egressImports }],
    },
  },
  {
    files: ["lib/egress/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": "off", "no-restricted-syntax": ["error", ...everywhere] },
  },
  {
    files: ["lib/config/env.ts"],
    rules: { "no-restricted-syntax": ["error", ...everywhere.slice(1), ...egressCalls] },
  },
  {
    files: ["lib/core/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...everywhere, ...egressCalls, ...impure],
      "no-restricted-globals": ["error", ...impureGlobals],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["node:*"], message: "lib/core imports no module of Node." }] },
      ],
    },
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }], "no-console": "off" },
  },
);
