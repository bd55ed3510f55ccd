import type { ExampleMaker } from "./example-of-schema.ts";
import { createExampleMaker } from "./example-of-schema.ts";
import {
  ALERT_EXAMPLE,
  BODY_EXAMPLES,
  KEY_EXAMPLE,
  ONE_PAGE,
  PROBLEM_EXAMPLE,
  SERVICE_EXAMPLE,
  SILENCE_EXAMPLE,
  SLO_EXAMPLE,
  TEXT_EXAMPLES,
} from "./examples.ts";
import { METRICS_EXAMPLE } from "./metrics.ts";
import { PART_EXAMPLE, PROBE_EXAMPLE, RUN_EXAMPLE } from "./probes.ts";

/** Examples of components, used wherever a component is referred to. */
const BY_COMPONENT: Readonly<Record<string, unknown>> = {
  Service: SERVICE_EXAMPLE,
  Slo: SLO_EXAMPLE,
  Alert: ALERT_EXAMPLE,
  BurnRateAlert: ALERT_EXAMPLE,
  Silence: SILENCE_EXAMPLE,
  ApiKey: KEY_EXAMPLE,
  Probe: PROBE_EXAMPLE,
  Part: PART_EXAMPLE,
  Run: RUN_EXAMPLE,
  Metrics: METRICS_EXAMPLE,
  Pagination: ONE_PAGE,
  ProblemDetail: PROBLEM_EXAMPLE,
};

export type Content = Record<string, { schema?: unknown; example?: unknown }>;
export type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Readonly<Record<string, unknown>>;
};
export type Described = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  description?: string;
  readonly deprecated?: boolean;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly content?: Content; readonly $ref?: string }>
  >;
};
export type PathItems = Readonly<Record<string, Readonly<Record<string, Described>>>>;

/** Maker of examples for the components of a finished document. */
export const exampleMakerFor = (schemas: Readonly<Record<string, unknown>>): ExampleMaker =>
  createExampleMaker(schemas, BY_COMPONENT);

const fill = (content: Content | undefined, make: ExampleMaker, written: unknown): void => {
  for (const [type, media] of Object.entries(content ?? {})) {
    if (media.example !== undefined || media.schema === undefined) continue;
    const isText = type.startsWith("text/") || type.startsWith("application/openmetrics");
    media.example = written ?? (isText ? (TEXT_EXAMPLES[type.split(";", 1)[0] as string] ?? "OK") : make(media.schema));
  }
};

/** Gives every body and every answer of a finished document an example, in place. */
export const fillExamples = (items: PathItems, make: ExampleMaker): void => {
  for (const operations of Object.values(items)) {
    for (const { operationId, requestBody, responses } of Object.values(operations)) {
      fill(requestBody?.content, make, BODY_EXAMPLES[operationId]);
      for (const response of Object.values(responses)) fill(response.content, make, undefined);
    }
  }
};
