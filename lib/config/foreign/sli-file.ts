import type { EventSli, SloDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";

type Fields = Readonly<Record<string, unknown>>;

const thresholdOf = (sli: EventSli): Fields =>
  sli.kind === "latency" ? { threshold: formatDuration(sli.thresholdMs) } : {};

const sliFields = ({ sli }: SloDefinition): Fields => {
  switch (sli.kind) {
    case "availability":
    case "latency":
      return { sli: sli.kind, ...thresholdOf(sli) };
    case "timeslice":
      return {
        sli: sli.kind,
        base: sli.base.kind,
        ...thresholdOf(sli.base),
        slice: formatDuration(sli.sliceMs),
        slice_target: Number(sli.target),
        no_data: sli.noData,
      };
    case "ratio_timeslices":
      return {
        sli: sli.kind,
        base: sli.base.kind,
        ...thresholdOf(sli.base),
        slice: formatDuration(sli.sliceMs),
        no_data: sli.noData,
      };
    case "journey":
      return { sli: sli.kind };
    case "component":
      return { sli: sli.kind, part: sli.part };
    case "promql":
      return { sli: sli.kind, source: { url: sli.source.url }, good: sli.good, total: sli.total };
  }
};

/** What an SLO counts, as it is written in nines.yaml. Credentials of a source are left out. */
export const sliFile = (slo: SloDefinition): Fields => {
  const { combine } = slo;
  return {
    ...sliFields(slo),
    ...(slo.probes.length === 0 ? {} : { probes: [...slo.probes] }),
    ...(slo.locations === undefined ? {} : { locations: [...slo.locations] }),
    ...(slo.count === undefined ? {} : { count: slo.count }),
    ...(combine === undefined ? {} : { combine: combine.kind }),
    ...(combine?.kind === "weighted" ? { weights: combine.weights } : {}),
  };
};
