import type { AUDIT_OPERATIONS } from "#lib/contracts/operations/audit.ts";
import { exportAudit, listAudit } from "#lib/read/audit.ts";
import type { HandlersOf } from "./types.ts";

const TYPES = { ndjson: "application/x-ndjson; charset=utf-8", csv: "text/csv; charset=utf-8" } as const;

export const auditHandlers: HandlersOf<typeof AUDIT_OPERATIONS> = {
  listAudit: async ({ database }, { query }) => ({ body: await listAudit(database, query) }),
  exportAudit: async ({ database }, { query }) => {
    const { format, after } = query;
    const { text } = await exportAudit(database, { ...query, after: after === undefined ? null : Number(after) });
    return { body: null, file: { contentType: TYPES[format], body: text, name: `nines-audit.${format}` } };
  },
};
