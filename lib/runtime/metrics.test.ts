import { beforeEach, expect, test } from "vitest";
import {
  collectRoleMetrics,
  counter,
  describeProcess,
  gauge,
  histogram,
  metricsRegistry,
  serializeMerged,
  serializeMetrics,
} from "./metrics.ts";

beforeEach(() => metricsRegistry().clear());

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
