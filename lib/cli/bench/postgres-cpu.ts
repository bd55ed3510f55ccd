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

/** CPU time of a PostgreSQL server with all of its processes in microseconds; null where /proc does not tell. */
export const postgresCpuUs = (postmasterPid: number): number | null => {
  const main = ticksOf(String(postmasterPid));
  if (main === null) return null;
  let ticks = main.own + main.ended;
  for (const name of readdirSync("/proc")) {
    const child = /^\d+$/.test(name) ? ticksOf(name) : null;
    if (child?.parent === postmasterPid) ticks += child.own;
  }
  return ticks * US_PER_TICK;
};

/** CPU time of child processes of this one that have ended, such as psql, in microseconds. */
export const endedChildrenCpuUs = (): number => (ticksOf("self")?.ended ?? 0) * US_PER_TICK;
