import { join } from "node:path";
import type { AgentWork } from "#lib/contracts/ingest.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { epochMs } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { CHECKS } from "../checks/index.ts";
import { createJudgePool } from "../judging/judge-pool.ts";
import { startRecorder } from "../recorder.ts";
import { createProbeRunner } from "../run-probe.ts";
import type { ScheduledProbe } from "../scheduler.ts";
import { startScheduler } from "../scheduler.ts";
import { userAgentOf } from "../user-agent.ts";
import type { AgentIdentity } from "./identity.ts";
import { createPushSink } from "./push-sink.ts";
import type { ServerAddress } from "./server-address.ts";
import type { Refusal, ServerClient } from "./server-client.ts";
import { createServerClient } from "./server-client.ts";
import { createServerClock } from "./server-clock.ts";
import { createWorkCache } from "./work-cache.ts";

const PULL_EVERY_MS = 3_000;

export type AgentArgs = {
  readonly address: ServerAddress;
  readonly identity: AgentIdentity;
  readonly dataDir: string;
  /** What probes may reach although it is not globally reachable: decided here, never by the server. */
  readonly allow: AllowList;
  /** PEM of the authority of the server's certificate instead of the public ones. */
  readonly caPem: string | null;
  /** This machine's clock. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly randomBytes: RandomBytes;
  readonly random: () => number;
};

export type Agent = {
  /** Ends what runs and hands over what was recorded, within 9 s; what remains stays on disk. May be called twice. */
  readonly stop: () => Promise<void>;
};

const isKnown = ({ type }: { readonly type: string }): boolean => Object.hasOwn(CHECKS, type);

/** Definitions come from our own server over an authenticated connection; types that this release lacks are left out. */
const scheduledOf = (work: AgentWork, log: Logger): ScheduledProbe[] => {
  const unknown = work.probes.filter((probe) => !isKnown(probe));
  if (unknown.length > 0)
    log.warn({ count: unknown.length, first: unknown[0]?.id }, "this release cannot run some probes; update the agent");
  return work.probes
    .filter(isKnown)
    .map((probe) => ({ definition: probe as unknown as ProbeDefinition, locationId: work.location.id }));
};

/** Says once what the state of the connection is, not at each try. */
const createTeller = (log: Logger) => {
  let told: string | null = null;
  return {
    refused: ({ status, code, detail }: Refusal): void => {
      const key = `${status} ${code}`;
      if (key === told) return;
      told = key;
      if (status === 401) log.warn({ detail }, "the server does not know this agent's key yet; probes wait for that");
      else log.warn({ status, detail }, "the server gave no list of probes; those that are known go on");
    },
    reached: (): void => {
      if (told !== null) log.info({}, "the server is reached again");
      told = null;
    },
  };
};

type Puller = {
  readonly client: ServerClient;
  readonly log: Logger;
  /** Called with a new list of probes, and with null when the server does not let us in. */
  readonly onWork: (work: AgentWork | null) => void;
};

/** Asks for the probes; an answer that says that nothing changed costs next to nothing. */
const createPull = ({ client, log, onWork }: Puller): ((signal: AbortSignal) => Promise<void>) => {
  const teller = createTeller(log);
  let etag: string | null = null;
  return async (signal) => {
    const pulled = await client.pull(etag, signal);
    if (signal.aborted) return;
    if (pulled.kind === "refused") {
      teller.refused(pulled);
      if (pulled.code !== "UNAUTHENTICATED" && pulled.code !== "FORBIDDEN") return;
      etag = null;
      onWork(null);
      return;
    }
    teller.reached();
    if (pulled.kind === "same") return;
    etag = pulled.etag;
    log.info({ probes: pulled.work.probes.length, location: pulled.work.location.id }, "the server named the probes");
    onWork(pulled.work);
  };
};

/**
 * Runs the probes of one remote location: pulls them from the server, runs them with the scheduler, the checks and the
 * recorder of the probe role, and pushes what they see. While it is cut off it goes on and keeps its runs; a server that
 * says that it does not know the key ends the probing, because the location is then run by somebody else.
 */
export const startAgent = async (args: AgentArgs): Promise<Agent> => {
  const { address, identity, dataDir, allow, caPem, clock: local, log, randomBytes, random } = args;
  const stopping = new AbortController();
  const clock = createServerClock(local, (offsetMs) =>
    log.warn({ offsetMs }, "the clock of this machine differs from the server's; the server's is used"),
  );
  let userAgent = userAgentOf(null);
  const client = createServerClient({ address, identity, clock, localNow: local.now, userAgent, random, caPem });
  const handingOver = new AbortController();
  const sink = createPushSink({ client, clockOffsetMs: clock.offsetMs, log, signal: handingOver.signal });
  const recorder = startRecorder({ sink, clock, log, random, spoolDir: join(dataDir, "spool") });
  const judges = createJudgePool({ clock: local, log });
  const runner = () => createProbeRunner({ clock, randomBytes, userAgent, allow: () => allow, judge: judges.judge });
  let run = runner();
  const scheduler = startScheduler({
    clock,
    log,
    run: (probe, signal) => run(probe, signal),
    record: recorder.record,
    recordTry: recorder.record,
  });
  const cache = createWorkCache({ dataDir, log });

  const begin = (work: AgentWork): void => {
    userAgent = userAgentOf(work.pageUrl);
    run = runner();
    scheduler.update(scheduledOf(work, log), epochMs(Date.parse(work.configuredAt)));
  };

  const known = await cache.load();
  if (known !== null && known.location.id === identity.locationId) begin(known);
  const pulling = runLoop({
    intervalMs: PULL_EVERY_MS,
    work: createPull({
      client,
      log,
      onWork: (work) => {
        if (work === null) scheduler.update([]);
        else begin(work);
        void (work === null ? cache.forget() : cache.save(work));
      },
    }),
    onError: (error) => log.error({ error }, "the probes could not be asked for; trying again"),
    clock,
    signal: stopping.signal,
  });

  const settle = async (): Promise<void> => {
    stopping.abort();
    await Promise.all([scheduler.stop(), pulling]);
    await judges.stop();
    const left = await recorder.stop();
    handingOver.abort();
    if (left > 0) log.warn({ left }, "runs were not handed over before the stop");
  };
  let stopped: Promise<void> | null = null;
  return {
    stop: () => {
      stopped ??= settle();
      return stopped;
    },
  };
};
