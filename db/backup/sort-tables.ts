import type { Reference, StoredTable } from "../queries/backup.ts";

/** Orders tables so that each comes after those that it refers to. @throws RangeError when the references form a ring. */
export const sortTables = (tables: readonly StoredTable[], references: readonly Reference[]): StoredTable[] => {
  const sorted: StoredTable[] = [];
  let waiting = [...tables];
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ name }) => name));
    const ready = waiting.filter(({ name }) => !references.some(({ from, to }) => from === name && names.has(to)));
    if (ready.length === 0) throw new RangeError(`the tables ${[...names].join(", ")} refer to each other in a ring`);
    sorted.push(...ready);
    waiting = waiting.filter((table) => !ready.includes(table));
  }
  return sorted;
};
