// ESLint and the type checker over one program: reading and checking everything twice would take twice as long.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ESLint } from "eslint";
import ts from "typescript";
import { ROOT } from "./steps.ts";

/** What the type checker knows from the last time; the folder goes with node_modules. */
const CACHE = join(ROOT, "node_modules", ".cache", "verify");
mkdirSync(CACHE, { recursive: true });

const readProgram = (): ts.EmitAndSemanticDiagnosticsBuilderProgram => {
  const overrides = { noEmit: true, incremental: true, tsBuildInfoFile: join(CACHE, "types.tsbuildinfo") };
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report };
  const parsed = ts.getParsedCommandLineOfConfigFile(join(ROOT, "tsconfig.json"), overrides, host);
  if (parsed === undefined) throw new Error("tsconfig.json cannot be read");
  return ts.createIncrementalProgram({
    rootNames: parsed.fileNames,
    options: parsed.options,
    configFileParsingDiagnostics: parsed.errors,
  });
};

let faults = 0;
const report = (diagnostic: ts.Diagnostic): void => {
  faults += 1;
  process.stdout.write(
    ts.formatDiagnostic(diagnostic, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => ROOT,
      getNewLine: () => "\n",
    }),
  );
};

const checkTypes = (builder: ts.EmitAndSemanticDiagnosticsBuilderProgram): void => {
  const found = [
    ...builder.getConfigFileParsingDiagnostics(),
    ...builder.getOptionsDiagnostics(),
    ...builder.getSyntacticDiagnostics(),
    ...builder.getGlobalDiagnostics(),
    ...builder.getSemanticDiagnostics(),
  ];
  for (const diagnostic of ts.sortAndDeduplicateDiagnostics(found)) report(diagnostic);
  // Writes the notes for the next time and nothing else.
  builder.emit();
};

const lint = async (program: ts.Program): Promise<void> => {
  // No cache: what one file is judged by stands in the types of others.
  const languageOptions = { parserOptions: { projectService: false, programs: [program] } };
  const eslint = new ESLint({
    cwd: ROOT,
    errorOnUnmatchedPattern: false,
    overrideConfig: [{ files: ["**/*.ts", "**/*.tsx"], languageOptions }],
  });
  // Not what the folders hold by now: a file that came after the program was read has no types.
  const files: string[] = [];
  for (const { fileName } of program.getSourceFiles())
    if (!fileName.includes("/node_modules/") && !(await eslint.isPathIgnored(fileName))) files.push(fileName);
  const results = await eslint.lintFiles(files);
  faults += results.reduce((sum, { errorCount, warningCount }) => sum + errorCount + warningCount, 0);
  const formatter = await eslint.loadFormatter("stylish");
  process.stdout.write(await formatter.format(results));
};

const builder = readProgram();
checkTypes(builder);
await lint(builder.getProgram());
process.exitCode = faults === 0 ? 0 : 1;
