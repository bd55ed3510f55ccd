import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Which function of db/queries a statement came from: the one whose template has all its fixed parts in the statement.

type Template = { readonly name: string; readonly parts: readonly string[]; readonly weight: number };

const LEAST_WEIGHT = 12;
/** What is put into other statements has no name of its own. */
const BEGINNING = /^\(?(?:select|insert|update|delete|with)\b/;

const plain = (text: string): string => text.replace(/\s+/g, " ").trim();

/** The fixed parts of the template literal that begins after the back-tick at `from`; what stands in `${…}` is left out. */
const partsFrom = (source: string, from: number): { readonly parts: string[]; readonly end: number } => {
  const parts: string[] = [];
  let at = from;
  let part = "";
  while (at < source.length && source[at] !== "`") {
    if (source.startsWith("${", at)) {
      parts.push(part);
      part = "";
      let depth = 0;
      do {
        if (source[at] === "{") depth += 1;
        if (source[at] === "}") depth -= 1;
        if (source[at] === "`") at = partsFrom(source, at + 1).end;
        at += 1;
      } while (depth > 0 || source[at - 1] === "$");
    } else {
      part += source[at];
      at += 1;
    }
  }
  return { parts: [...parts, part].map(plain).filter((text) => text !== ""), end: at };
};

const templatesOf = (module: string, source: string): Template[] => {
  const owners = [...source.matchAll(/^(?:export )?const (\w+)/gm)].map((match) => ({
    at: match.index,
    name: match[1] ?? "",
  }));
  return [...source.matchAll(/\b(?:db|tx)(?:<[^`]*?>)?\s*`/g)].flatMap((match) => {
    const { parts } = partsFrom(source, match.index + match[0].length);
    const owner = owners.findLast(({ at }) => at < match.index)?.name ?? "?";
    const weight = parts.reduce((sum, part) => sum + part.length, 0);
    return weight < LEAST_WEIGHT || !BEGINNING.test(parts[0] ?? "")
      ? []
      : [{ name: `${module} ${owner}`, parts, weight }];
  });
};

const stands = (statement: string, { parts }: Template): boolean => {
  let at = 0;
  return parts.every((part) => {
    const found = statement.indexOf(part, at);
    at = found + part.length;
    return found !== -1;
  });
};

/** Names statements as `module function`; one that none of the modules in `folder` sends has its own beginning as a name. */
export const statementNames = (folder: string): ((text: string) => string) => {
  const templates = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.startsWith("bench"))
    .flatMap((file) => templatesOf(file.slice(0, -3), readFileSync(join(folder, file), "utf8")))
    .sort((a, b) => b.weight - a.weight);
  const known = new Map<string, string>();
  return (text) => {
    const name = known.get(text) ?? templates.find((one) => stands(plain(text), one))?.name ?? plain(text).slice(0, 60);
    known.set(text, name);
    return name;
  };
};
