import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { AppError } from "#lib/core/errors.ts";

type Bench = (context: CommandContext) => Promise<ExitCode>;

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  dashboards: async () => (await import("#lib/cli/bench/dashboards.ts")).runDashboardsBench,
  deliver: async () => (await import("#lib/cli/bench/deliver.ts")).runDeliverBench,
  ingest: async () => (await import("#lib/cli/bench/ingest.ts")).runIngestBench,
  load: async () => (await import("#lib/cli/bench/api-load.ts")).runApiLoad,
  page: async () => (await import("#lib/cli/bench/page.ts")).runPageBench,
  probe: async () => (await import("#lib/cli/bench/probe.ts")).runProbeBench,
  slo: async () => (await import("#lib/cli/bench/slo.ts")).runSloBench,
};

export const command: Command = {
  summary: "measure page, probe, ingest, slo or deliver beside a yardstick in the same run, or the API under load",
  usage: `Usage: nines bench page|probe|ingest|slo|deliver|load|dashboards [options]

  page          the real server beside a plain Node server of the same bytes
  probe         our HTTP check beside a bare node:http loop, then the whole service beside Debian's
                blackbox_exporter driven by Prometheus, where they are installed
  ingest        runs into PostgreSQL beside a bare insert and psql's \\copy of the same rows
  slo           the SLO engine's tick, takeover and memory beside Prometheus on the same minutes
  deliver       signed, logged, durable deliveries beside bare posts; commit to receipt; claims
  load          callers of the API as docs/load/k6.js has them, up to 200 for four and a half minutes; fails above
                500 ms (p95) or 1 % errors. Start the server with NINES_RATE_LIMIT=off; NINES_KEY is sent when set
  dashboards    every page of signed-in readers with 200 services, 500 SLOs and 35 days of runs behind them: server
                time, statements and first load of each, and the plan of each statement; fails above 100 ms (p95) or
                300 kB, when single runs are scanned, or when a page sends more statements for more services

  --rounds N    pairs of turns
  --checks N    checks a turn of "probe", --runs N: runs a round of "ingest", --count N: deliveries of "deliver"
  --products    of "probe" the whole products only, five to six minutes
  --quick       of "probe" fewer checks, and the whole products at 100 checks/s only: one minute
  --url URL     of "load": the running server, http://localhost:3000 without it; --quick: 20 times as fast
  --plans       of "dashboards" no times, but the plan of each statement, written to docs/query-plans.md
  --data DIR    of "dashboards" keeps the database in DIR for the next time; --services N, --days N: a smaller one
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
