import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { AppError } from "#lib/core/errors.ts";

type Bench = (context: CommandContext) => Promise<ExitCode>;

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  ingest: async () => (await import("#lib/cli/bench/ingest.ts")).runIngestBench,
  page: async () => (await import("#lib/cli/bench/page.ts")).runPageBench,
  probe: async () => (await import("#lib/cli/bench/probe.ts")).runProbeBench,
};

export const command: Command = {
  summary:
    "measures the page, the probe or the ingest beside a yardstick in the same run: bench page, bench probe, bench ingest",
  usage: `nines bench page [options]    the real server beside a plain Node server of the same bytes
nines bench probe [options]   our HTTP check beside a bare node:http loop, then the whole service beside Debian's
                              blackbox_exporter driven by Prometheus, where they are installed
nines bench ingest [options]  runs into PostgreSQL beside a bare insert and psql's \\copy of the same rows

  --rounds N    pairs of turns
  --checks N    checks a turn of "probe", --runs N: runs a round of "ingest"
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
