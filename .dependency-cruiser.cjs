// Who may import whom. Everything that is not named is forbidden; a test proves that these rules bite.
const CORE = "^lib/core/";
const CONTRACTS = "^lib/contracts/";
const CONFIG = "^lib/config/";
const RUNTIME = "^lib/runtime/";
const EGRESS = "^lib/egress/";
const READ = "^lib/read/";
const COMMANDS = "^lib/commands/";
const DB = "^db/";
const pkg = (name) => `^node_modules/${name}/`;
const TESTS = "\\.test\\.tsx?$";

/** One line a folder. "core" in dependency-cruiser's words means the modules of Node. */
const mayImport = (folder, allowed, { node = false, why } = {}) => ({
  name: `layer:${folder}`,
  severity: "error",
  ...(why ? { comment: why } : {}),
  from: { path: `^${folder}/`, pathNot: TESTS },
  to: { pathNot: [`^${folder}/`, ...allowed], ...(node ? { dependencyTypesNot: ["core"] } : {}) },
});

module.exports = {
  forbidden: [
    mayImport("lib/core", [], { why: "decisions only: no package, no module of Node, no other folder" }),
    mayImport("lib/contracts", [CORE, pkg("zod"), pkg("zod-openapi"), pkg("marked"), pkg("sanitize-html")], {
      node: true,
    }),
    mayImport(
      "lib/config",
      [CORE, CONTRACTS, pkg("zod"), pkg("yaml"), pkg("re2js"), pkg("jsonpath-rfc9535"), pkg("croner")],
      { node: true },
    ),
    mayImport("lib/runtime", [CORE, "^node_modules/"], { node: true }),
    mayImport("lib/egress", [CORE, RUNTIME, pkg("ipaddr.js"), pkg("nodemailer")], { node: true }),
    mayImport("db", [CORE, CONTRACTS, pkg("postgres"), pkg("zod")], {
      node: true,
      why: "SQL knows the words, never the loops or the pages",
    }),
    mayImport("lib/read", [CORE, CONTRACTS, CONFIG, RUNTIME, DB, pkg("react"), pkg("zod")], { node: true }),
    mayImport(
      "lib/commands",
      [
        CORE,
        CONTRACTS,
        CONFIG,
        RUNTIME,
        DB,
        pkg("zod"),
        pkg("postgres"),
        pkg("jose"),
        pkg("rrule-temporal"),
        pkg("@node-rs/argon2"),
        pkg("otpauth"),
      ],
      { node: true },
    ),
    mayImport(
      "lib/engine",
      [CORE, CONTRACTS, CONFIG, RUNTIME, EGRESS, READ, COMMANDS, DB, pkg("zod"), pkg("postgres"), pkg("croner")],
      { node: true },
    ),
    mayImport(
      "probes",
      [CORE, CONTRACTS, CONFIG, RUNTIME, EGRESS, pkg("re2js"), pkg("jsonpath-rfc9535"), pkg("jose")],
      { node: true, why: "a probe reports; it neither stores nor alerts, and knows no database" },
    ),
    // Types of the database pool pass through the web role; its queries do not.
    mayImport(
      "lib/web",
      [
        CORE,
        CONTRACTS,
        CONFIG,
        RUNTIME,
        EGRESS,
        pkg("re2js"),
        READ,
        COMMANDS,
        "^db/database\\.ts$",
        pkg("zod"),
        pkg("zod-openapi"),
        pkg("next"),
        pkg("prom-client"),
        pkg("openid-client"),
        pkg("jose"),
      ],
      { node: true },
    ),
    mayImport("app", [READ, COMMANDS, CONTRACTS, CORE, pkg("next"), pkg("react"), pkg("react-dom"), "\\.css$"]),
    {
      name: "only-the-cli-composes",
      severity: "error",
      from: { pathNot: "^(lib/cli|test|bin)/" },
      to: { path: "^lib/cli/" },
    },
    {
      name: "client-components-reach-no-data",
      severity: "error",
      from: { path: "^app/.*\\.client\\.tsx$" },
      to: { path: "^(lib/read|db|lib/commands)/" },
    },
    {
      name: "nothing-imports-tests",
      severity: "error",
      from: { path: "^(app|lib|db|probes|bin)/", pathNot: TESTS },
      to: { path: `^test/|${TESTS}` },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "everything-resolves", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exclude: { path: "\\.css$" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
