import type { Database } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { MetaResource } from "#lib/contracts/api.ts";
import { instantText } from "#lib/contracts/api.ts";
import { API_VERSIONS } from "#lib/contracts/api-keys.ts";
import { MAX_BODY_BYTES, MAX_BODY_DEPTH, MAX_PAGE_SIZE } from "#lib/contracts/operations/operation.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** What runs here: release, configuration in force, and how fresh the published data is. */
export const getMeta = async (
  database: Database,
  args: {
    snapshot: Snapshot | null;
    version: string;
    now: EpochMs;
    /** Null: nothing is limited. */
    rateLimit: MetaResource["limits"]["rateLimit"];
  },
): Promise<MetaResource> => {
  const config = await database.read((db) => readConfigDocument(db));
  return {
    name: "nines",
    version: args.version,
    apiVersion: "v1",
    apiVersions: [...API_VERSIONS],
    limits: {
      bodyBytes: MAX_BODY_BYTES,
      bodyDepth: MAX_BODY_DEPTH,
      pageSize: MAX_PAGE_SIZE,
      rateLimit: args.rateLimit,
    },
    page:
      config === null
        ? null
        : {
            name: config.page.name,
            url: config.page.url,
            timeZone: config.page.timeZone,
            languages: [...config.page.languages],
          },
    configVersion: config === null ? null : config.version.toString(),
    sourceAddresses: [...(config?.egress.sourceAddresses ?? [])],
    snapshotVersion: args.snapshot?.version ?? null,
    dataAsOf: args.snapshot?.dataAsOf ?? null,
    now: instantText(args.now),
  };
};
