import { readdirSync, readFileSync } from "node:fs";

const childrenOf = (pid: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // After the name in brackets: state, parent.
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // Gone meanwhile.
  }
};

/** Stops a PostgreSQL server and its sessions in their tracks (SIGSTOP; Linux). Returns what lets them go on. */
export const freezeServer = (postmasterPid: number): (() => void) => {
  signal(postmasterPid, "SIGSTOP");
  const all = [postmasterPid, ...childrenOf(postmasterPid)];
  for (const pid of all) signal(pid, "SIGSTOP");
  return () => {
    for (const pid of all) signal(pid, "SIGCONT");
  };
};
