import { z } from "zod";
import { SloWindowResource } from "./slo-parts.ts";
import { BudgetReading, DecimalText, EventCount, Identifier, Instant } from "./values.ts";

/** How much of an error budget is left: what `/v1/budgets` lists and `slo.budget_exhausted` carries. */
export const BudgetResource = z
  .strictObject({
    id: Identifier.meta({ description: "That of the objective" }),
    serviceId: Identifier,
    objective: DecimalText.meta({ description: "Percent" }),
    window: SloWindowResource,
    isExhausted: z.boolean().meta({ description: "Nothing of it remains" }),
    exhaustedAt: Instant.nullable().meta({ description: "Since when nothing remains; null while something does" }),
    bad: EventCount.nullable(),
    total: z.number().int().nonnegative().nullable(),
    consumedRatio: DecimalText.nullable(),
    remainingRatio: DecimalText.nullable(),
    exhaustedInSeconds: BudgetReading.shape.exhaustedInSeconds,
    evaluatedAt: Instant.nullable().meta({ description: "Null before the first evaluation" }),
  })
  .meta({ id: "Budget", description: "The error budget of an objective over its window" });
export type BudgetResource = z.infer<typeof BudgetResource>;
