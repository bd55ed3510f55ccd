import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { AppError } from "#lib/core/errors.ts";

type Bench = (context: CommandContext) => Promise<ExitCode>;

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  deliver: async () => (await import("#lib/cli/bench/deliver.ts")).runDeliverBench,
  ingest: async () => (await import("#lib/cli/bench/ingest.ts")).runIngestBench,
  page: async () => (await import("#lib/cli/bench/page.ts")).runPageBench,
  probe: async () => (await import("#lib/cli/bench/probe.ts")).runProbeBench,
  slo: async () => (await import("#lib/cli/bench/slo.ts")).runSloBench,
};

export const command: Command = {
  summary: "measure page, probe, ingest, slo or deliver beside a yardstick in the same run",
  usage: `Usage: nines bench page|probe|ingest|slo|deliver [options]

  page          the real server beside a plain Node server of the same bytes
  probe         our HTTP check beside a bare node:http loop, then the whole service beside Debian's
                blackbox_exporter driven by Prometheus, where they are installed
  ingest        runs into PostgreSQL beside a bare insert and psql's \\copy of the same rows
  slo           the SLO engine's tick, takeover and memory beside Prometheus on the same minutes
  deliver       signed, logged, durable deliveries beside bare posts; commit to receipt; claims

  --rounds N    pairs of turns
  --checks N    checks a turn of "probe", --runs N: runs a round of "ingest", --count N: deliveries of "deliver"
  --products    of "probe" the whole products only, five to six minutes
  --quick       of "probe" fewer checks, and the whole products at 100 checks/s only: one minute
  --json        one line of JSON

Each runs in turns A B A B … and prints medians and ratios: single figures of one machine say little.`,
  run: async (context) => {
    const name = context.args[0] ?? "";
    const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
    if (load === undefined)
      throw new AppError("USAGE", `there is no bench "${name}"; there are ${Object.keys(BENCHES).join(", ")}`);
    const bench = await load();
    return bench({ ...context, args: context.args.slice(1) });
  },
};
