import type { Scope } from "#lib/core/access/authorise.ts";
import { listKeys } from "#lib/read/api-keys.ts";
import { listConfigVersions } from "#lib/read/config.ts";
import { listMaintenances } from "#lib/read/maintenances.ts";
import { listStatements } from "#lib/read/statements.ts";
import { listUsers } from "#lib/read/users.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { allowedFile, csvAnswer, noSuchFile } from "../../../_parts/red-csv.ts";

type Rows = (string | number | null)[][];
type File = { readonly scope: Scope; readonly rows: () => Promise<Rows> };

const MOST = { limit: 1_000 };
const keysNow = () => listKeys(getWebContext().database, MOST, getWebContext().clock.now());
const worksNow = () => listMaintenances(getWebContext().database, MOST, getWebContext().clock.now());

/** Lists of the administration, at most 1,000 entries each. */
const FILES: Readonly<Record<string, File>> = {
  "keys.csv": {
    scope: "keys:read",
    rows: async () => [
      ["key", "name", "state", "scopes", "created_at", "created_by", "last_used_at", "expires_at"],
      ...(await keysNow()).data.map((one) => [
        ...[one.id, one.name, one.state, one.scopes.join(" ")],
        ...[one.createdAt, one.createdBy, one.lastUsedAt, one.expiresAt],
      ]),
    ],
  },
  "users.csv": {
    scope: "users:read",
    rows: async () => [
      ["user", "login", "name", "role", "state", "last_sign_in_at"],
      ...(await listUsers(getWebContext().database, MOST)).data.map((one) => [
        ...[one.id, one.login, one.name, one.role, one.state, one.lastSignInAt],
      ]),
    ],
  },
  "statements.csv": {
    scope: "statements:read",
    rows: async () => [
      ["statement", "period", "service", "version", "issued_at", "author", "replaced_by"],
      ...(await listStatements(getWebContext().database, MOST)).data.map((one) => [
        ...[one.id, one.period.label, one.serviceId, one.version, one.issuedAt, one.author, one.replacedBy],
      ]),
    ],
  },
  "maintenance.csv": {
    scope: "maintenances:read",
    rows: async () => [
      ["work", "title", "state", "starts_at", "ends_at", "services", "impact", "rule", "time_zone", "author"],
      ...(await worksNow()).data.flatMap((one) =>
        one.occurrences.map(({ startsAt, endsAt, state }) => [
          ...[one.id, one.title, state, startsAt, endsAt, one.serviceIds.join(" "), one.impact],
          ...[one.rrule, one.timeZone, one.author],
        ]),
      ),
    ],
  },
  "versions.csv": {
    scope: "config:read",
    rows: async () => [
      ["version", "applied_at", "actor", "sha256", "changes"],
      ...(await listConfigVersions(getWebContext().database, MOST)).data.map((one) => [
        ...[one.id, one.appliedAt, one.actor, one.sha256, JSON.stringify(one.changes)],
      ]),
    ],
  },
};

/** The lists of the administration as files, for those who may see them. */
export const GET = async (_request: Request, { params }: { params: Promise<{ file: string }> }): Promise<Response> => {
  const { file } = await params;
  const found = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
  if (found === undefined || !(await allowedFile(found.scope))) return noSuchFile();
  return csvAnswer(file, await found.rows());
};
