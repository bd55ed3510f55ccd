import type { Db } from "./database.ts";
import type { CatalogColumn, CatalogDefinition } from "./queries/catalog.ts";
import {
  readColumns,
  readConstraints,
  readFunctions,
  readIndexes,
  readTables,
  readTriggers,
  readViews,
} from "./queries/catalog.ts";

const HEADER = `-- What the migrations add up to, written by "npm run db:dump". For reading and for the test that compares it;
-- a database is made by the migrations. Day partitions are left out.
`;

const columnLine = ({ name, type, isNullable, defaultValue, identity }: CatalogColumn): string =>
  [
    `  ${name} ${type}`,
    ...(identity === null ? [] : [`generated ${identity} as identity`]),
    ...(defaultValue === null ? [] : [`default ${defaultValue}`]),
    ...(isNullable ? [] : ["not null"]),
  ].join(" ");

const of = <T extends { readonly table: string }>(rows: readonly T[], table: string): T[] =>
  rows.filter((row) => row.table === table);

const statement = ({ definition }: CatalogDefinition): string => `${definition.trimEnd().replace(/;$/, "")};`;

/**
 * The schema `public` as text: the same for the same migrations on every machine and on PostgreSQL 15 to 18.
 */
export const dumpSchema = async (db: Db): Promise<string> => {
  const [tables, columns, constraints, indexes, triggers, views, functions] = [
    await readTables(db),
    await readColumns(db),
    await readConstraints(db),
    await readIndexes(db),
    await readTriggers(db),
    await readViews(db),
    await readFunctions(db),
  ];
  const tableTexts = tables.map(({ name, partitionKey }) => {
    const lines = [
      ...of(columns, name).map(columnLine),
      ...of(constraints, name).map((constraint) => `  constraint ${constraint.name} ${constraint.definition}`),
    ];
    const tail = partitionKey === null ? "" : ` partition by ${partitionKey}`;
    const after = [...of(indexes, name), ...of(triggers, name)].map(statement);
    return [`create table ${name} (\n${lines.join(",\n")}\n)${tail};`, ...after].join("\n");
  });
  return `${[HEADER, ...tableTexts, ...views.map(statement), ...functions.map(statement)].join("\n\n").replaceAll("\n\n\n", "\n\n")}\n`;
};
