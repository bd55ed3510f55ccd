import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentWork } from "#lib/contracts/ingest.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";

const FILE = "agent-work.json";

/** The probes that the server named last, so that an agent that starts while it is cut off goes on with them. */
export type WorkCache = {
  readonly load: () => Promise<AgentWork | null>;
  /** File mode 0600: definitions hold secrets. */
  readonly save: (work: AgentWork) => Promise<void>;
  readonly forget: () => Promise<void>;
};

/** The list of probes on disk, so that an agent that starts while cut off goes on. */
export const createWorkCache = ({ dataDir, log }: { dataDir: string; log: Logger }): WorkCache => {
  const path = join(dataDir, FILE);
  return {
    load: async () => {
      const text = await readFile(path, "utf8").catch(() => null);
      if (text === null) return null;
      try {
        return AgentWork.parse(JSON.parse(text));
      } catch {
        log.warn({ path }, "the list of probes on disk cannot be read; waiting for the server");
        return null;
      }
    },
    save: (work) =>
      writeFileAtomic(path, JSON.stringify(work)).catch((error: unknown) =>
        log.warn({ error }, "the list of probes could not be kept on disk"),
      ),
    forget: () => rm(path, { force: true }).catch(() => undefined),
  };
};
