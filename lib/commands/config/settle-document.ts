import type { ConfigError } from "#lib/config/config-error.ts";
import { toTree } from "#lib/config/export/config.ts";
import type { ExportContext } from "#lib/config/export/context.ts";
import { loadTree } from "#lib/config/load-config.ts";
import type { JudgeUrl } from "#lib/config/rules/egress.ts";
import type { Config, ServiceDefinition } from "#lib/core/definitions.ts";
import type { HandMade } from "./in-force.ts";

/** Names under which secrets that are stored already are found again; nobody can name them from outside. */
const STORED = "NINES_STORED_";

/** Writes references in the place of secrets and keeps what they lead to. */
export const createVault = (): { readonly context: ExportContext; readonly env: Record<string, string> } => {
  const env: Record<string, string> = {};
  const secret = (value: string): string => {
    const name = `${STORED}${Object.keys(env).length}`;
    env[name] = value;
    return `env:${name}`;
  };
  return { context: { secret, header: (_name, value) => value }, env };
};

/** Secrets are read from nowhere but the variables that are given. */
const readNoFile = (): never => {
  throw new Error("files are not read here");
};

const ALLOW: ReturnType<JudgeUrl> = { verdict: "allow", stage: "name", reason: "in force already" };

/** Allows every address: for rows that are in force already, so that a stricter policy does not undo them. */
export const allowAll: JudgeUrl = () => ALLOW;

export type Settled =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** Judges a whole document as a file is judged, and fills in what is left out. */
export const settleDocument = (
  document: unknown,
  { env, judgeUrl }: { readonly env: Readonly<Record<string, string | undefined>>; readonly judgeUrl: JudgeUrl },
): Settled => {
  const { root, written } = toTree(document);
  const loaded = loadTree({ root, written, env, judgeUrl, readFile: readNoFile });
  return loaded.ok ? { ok: true, config: loaded.config } : loaded;
};

/** Notifications that only have to be there, for those who name them. */
export const namesOfEndpoints = (ids: readonly string[], context: ExportContext): unknown[] => {
  const url = context.secret("https://receiver.example/", []);
  const secret = context.secret(`whsec_${"A".repeat(32)}`, []);
  return ids.map((id) => ({ id, type: "webhook", url, secret }));
};

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]): ReadonlyMap<string, Thing> =>
  new Map(things.map((thing) => [thing.id, thing]));

/**
 * The services of `settled`, but whatever is not made by hand as it is in `base`: what the file owns stays exactly as the
 * file has it.
 */
export const onlyByHand = (
  settled: readonly ServiceDefinition[],
  base: readonly ServiceDefinition[],
  byHand: HandMade,
): readonly ServiceDefinition[] => {
  const services = byId(base);
  const probes = byId(base.flatMap((service) => service.probes));
  const slos = byId(base.flatMap((service) => service.slos));
  return settled.map((service) => ({
    ...(byHand.services.has(service.id) ? service : (services.get(service.id) ?? service)),
    probes: service.probes.map((probe) => (byHand.probes.has(probe.id) ? probe : (probes.get(probe.id) ?? probe))),
    slos: service.slos.map((slo) => (byHand.slos.has(slo.id) ? slo : (slos.get(slo.id) ?? slo))),
  }));
};
