import type { Database } from "#db/database.ts";
import { readNewestVersion } from "#db/queries/telemetry.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { ConfigError } from "#lib/config/config-error.ts";
import { cureFor } from "#lib/config/cures.ts";
import type { ConfigResult } from "#lib/config/load-config.ts";
import type { ConfigPlanResource } from "#lib/contracts/config-plan.ts";
import { instantText } from "#lib/contracts/values.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { planConfig } from "./plan-config.ts";

/** The configuration file of an instance, as it is read when it changes. */
export type ConfigFile = {
  /** Its name without the folder. */
  readonly name: string;
  /** Another one after each change of the file. */
  readonly signature: () => Promise<string>;
  /** @throws AppError CONFIG_UNREADABLE */
  readonly load: () => Promise<ConfigResult>;
};

type World = { readonly file: ConfigFile | null; readonly secretBox: SecretBox; readonly clock: Clock };

const DEADLINE_MS = 10_000;
const MOST_FAULTS = 200;

const EMPTY: Pick<ConfigPlanResource, "version" | "changes" | "madeByHand" | "faults" | "faultCount"> = {
  version: null,
  changes: [],
  madeByHand: null,
  faults: [],
  faultCount: 0,
};

const faultOf = (fault: ConfigError): ConfigPlanResource["faults"][number] => ({
  path: fault.path,
  kind: fault.kind,
  message: fault.message,
  line: fault.line ?? null,
  cure: cureFor(fault),
});

/** What the schema allows and the configuration in force does not, such as an id that somebody made by hand. */
const faultsOfApply = (error: unknown): readonly ConfigError[] => {
  if (!(error instanceof AppError) || error.code !== "CONFIG_INVALID") throw error;
  const told = (error.cause as { readonly errors?: readonly ConfigError[] } | undefined)?.errors;
  return told ?? [{ path: "", kind: "conflict", message: error.detail }];
};

/**
 * What an apply of the file would change now, by the same plan as `nines plan` makes, or what is wrong with the file.
 * Nothing is changed. @throws errors of the database
 */
export const planFile = async (database: Database, { file, secretBox, clock }: World): Promise<ConfigPlanResource> => {
  const readAt = instantText(clock.now());
  if (file === null) return { ...EMPTY, state: "none", file: null, readAt };
  const about = { ...EMPTY, file: file.name, readAt };
  const faulty = (errors: readonly ConfigError[]): ConfigPlanResource => ({
    ...about,
    state: "faulty",
    faults: errors.slice(0, MOST_FAULTS).map(faultOf),
    faultCount: errors.length,
  });
  let loaded: ConfigResult;
  try {
    loaded = await file.load();
  } catch (error) {
    if (error instanceof AppError && error.code === "CONFIG_UNREADABLE") return { ...about, state: "unreadable" };
    throw error;
  }
  if (!loaded.ok) return faulty(loaded.errors);
  const { config } = loaded;
  try {
    const plan = await database.transaction((tx) => planConfig(tx, { config, secretBox }), { deadlineMs: DEADLINE_MS });
    const changes = plan.changes.map((change) => ({ ...change, fields: [...change.fields] }));
    const { services, probes, slos, endpoints } = plan.madeByHand;
    const madeByHand = { services: [...services], probes: [...probes], slos: [...slos], endpoints: [...endpoints] };
    const state = changes.length === 0 ? ("same" as const) : ("differs" as const);
    return { ...about, state, version: plan.version, changes, madeByHand };
  } catch (error) {
    return faulty(faultsOfApply(error));
  }
};

/** A file of 10,000 probes takes seconds to check; secrets that it points at may change without it. */
const KEPT_MS = 60_000;

/** As `planFile`, worked out again when the file, what is in force, or a minute has changed. */
export const createFilePlanner = (database: Database, world: World): (() => Promise<ConfigPlanResource>) => {
  let kept: { readonly key: string; readonly at: number; readonly plan: Promise<ConfigPlanResource> } | null = null;
  return async () => {
    const version = await database.read(readNewestVersion);
    const key = `${version} ${await world.file?.signature()}`;
    const now = world.clock.now();
    if (kept?.key !== key || now - kept.at > KEPT_MS) {
      const plan = planFile(database, world);
      plan.catch(() => (kept = null));
      kept = { key, at: now, plan };
    }
    return kept.plan;
  };
};
