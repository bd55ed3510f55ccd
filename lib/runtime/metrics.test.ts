import { beforeEach, expect, test } from "vitest";
import {
  collectRoleMetrics,
  counter,
  describeProcess,
  gauge,
  histogram,
  histogramWithTraces,
  metricsRegistry,
  serializeMerged,
} from "./metrics.ts";

beforeEach(() => metricsRegistry().clear());

const serializeMetrics = async () => serializeMerged([await collectRoleMetrics()]);

test("asking for a metric again gives the same one, so that a second copy of a module counts on", async () => {
  const make = () => counter({ name: "nines_runs_total", help: "Runs.", labels: ["class"] });
  make().inc({ class: "ok" });
  make().inc({ class: "ok" }, 2);
  expect((await serializeMetrics()).body).toContain('nines_runs_total{class="ok"} 3');
});

test("metrics of several roles are merged into one text and stay apart by role", async () => {
  const partOf = async (role: string, value: number) => {
    metricsRegistry().clear();
    describeProcess({ role, withProcessMetrics: false });
    gauge({ name: "nines_queue_length", help: "Waiting." }).set(value);
    histogram({ name: "nines_query_duration_seconds", help: "Queries.", buckets: [0.1, 1] }).observe(0.5);
    // As over IPC: plain data only.
    return JSON.parse(JSON.stringify(await collectRoleMetrics())) as Awaited<ReturnType<typeof collectRoleMetrics>>;
  };
  const { body, contentType } = await serializeMerged([await partOf("web", 1), await partOf("probe", 2)]);
  expect(contentType).toContain("text/plain");
  expect(body).toContain('nines_queue_length{role="web"} 1');
  expect(body).toContain('nines_queue_length{role="probe"} 2');
  expect(body).toContain('nines_query_duration_seconds_bucket{le="1",role="probe"} 1');
});

test("process metrics are there when asked for, under our prefix", async () => {
  describeProcess({ role: "web", withProcessMetrics: true });
  const { body } = await serializeMetrics();
  expect(body).toContain("nines_process_resident_memory_bytes");
});

test("OpenMetrics shows trace ids beside buckets, keeps families together and ends with its mark", async () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const partOf = async (role: string) => {
    metricsRegistry().clear();
    describeProcess({ role, withProcessMetrics: false });
    counter({ name: "nines_runs_total", help: 'Runs "of" probes.', labels: ["class"] }).inc({ class: "ok" }, 3);
    gauge({ name: "nines_queue_length", help: "Waiting." }).set(Number.NaN);
    const durations = histogramWithTraces({
      name: "nines_run_duration_seconds",
      help: "Runs.",
      labels: ["type"],
      buckets: [0.1, 1],
    });
    durations.observe(0.5, { type: "http" }, traceId);
    durations.observe(0.05, { type: "http" }, null);
    // As over IPC.
    return structuredClone((await collectRoleMetrics()).map((metric) => ({ ...metric })));
  };
  const roles = [await partOf("probe"), await partOf("web")];
  const { body, contentType } = await serializeMerged(roles, "openmetrics");
  expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  const lines = body.split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "# TYPE nines_runs counter",
    '# HELP nines_runs Runs \\"of\\" probes.',
    'nines_runs_total{class="ok",role="probe"} 3',
    'nines_runs_total{class="ok",role="web"} 3',
  ]);
  expect(lines).toContain('nines_queue_length{role="web"} NaN');
  expect(lines).toContain('nines_run_duration_seconds_bucket{le="0.1",type="http",role="probe"} 1');
  const withTrace = lines.find((line) => line.startsWith('nines_run_duration_seconds_bucket{le="1.0"'));
  expect(withTrace).toMatch(
    /^nines_run_duration_seconds_bucket\{le="1\.0",type="http",role="probe"\} 2 # \{trace_id="0af7651916cd43dd8448eb211c80319c"\} 0\.5 \d+\.\d+$/,
  );
  expect(lines).toContain('nines_run_duration_seconds_bucket{le="+Inf",type="http",role="web"} 2');
  expect(body.endsWith("\n# EOF\n")).toBe(true);
  expect(new Set(lines.filter((line) => line.startsWith("# TYPE"))).size).toBe(3);
  const { body: text } = await serializeMerged(roles);
  expect(text).not.toContain("trace_id");
  expect(text).toContain('nines_runs_total{class="ok",role="probe"} 3');
});

test("what calls itself a total is a counter, also among the metrics of the process", async () => {
  describeProcess({ role: "web", withProcessMetrics: true });
  const { body } = await serializeMetrics();
  expect(body).toContain("# TYPE nines_nodejs_active_handles gauge");
  expect(body.split("\n").filter((line) => /^# TYPE \S+_total (?!counter)/.test(line))).toEqual([]);
});
