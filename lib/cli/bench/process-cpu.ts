import { readdirSync, readFileSync } from "node:fs";

/** Ticks of /proc are a hundredth of a second on every Linux that Node runs on. */
const US_PER_TICK = 10_000;

type Ticks = { readonly parent: number; readonly own: number; readonly ended: number };

const ticksOf = (pid: string): Ticks | null => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program may hold anything; what follows its bracket does not.
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const at = (index: number): number => fields[index] ?? 0;
    return { parent: at(1), own: at(11) + at(12), ended: at(13) + at(14) };
  } catch {
    return null;
  }
};

/**
 * CPU time of a process with everything below it, in microseconds; children that ended and were waited for count. Null
 * where /proc does not tell, as on other systems than Linux.
 */
export const treeCpuUs = (root: number): number | null => {
  if (ticksOf(String(root)) === null) return null;
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? ticksOf(name)?.parent : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  let ticks = 0;
  for (const pid of tree) {
    const found = ticksOf(String(pid));
    ticks += (found?.own ?? 0) + (found?.ended ?? 0);
    tree.push(...(children.get(pid) ?? []));
  }
  return ticks * US_PER_TICK;
};

/** CPU time of child processes of this one that have ended, such as psql, in microseconds. */
export const endedChildrenCpuUs = (): number => (ticksOf("self")?.ended ?? 0) * US_PER_TICK;
