import type { Database } from "#db/database.ts";
import { readOpenExhaustions } from "#db/queries/budget-exhaustions.ts";
import type { SloResource } from "#lib/contracts/api.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { BudgetResource } from "#lib/contracts/budget-resource.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";
import { loadSlos } from "./slos.ts";

const budgetOf = (slo: SloResource, exhausted: ReadonlyMap<string, EpochMs>): BudgetResource => {
  const { reading } = slo;
  const remaining = reading?.budget.remainingRatio ?? null;
  const since = exhausted.get(slo.id);
  const isExhausted = remaining !== null && Number(remaining) <= 0;
  return {
    id: slo.id,
    serviceId: slo.serviceId,
    objective: slo.objective,
    window: slo.window,
    isExhausted,
    exhaustedAt: isExhausted && since !== undefined ? instantText(since) : null,
    bad: reading?.bad ?? null,
    total: reading?.total ?? null,
    consumedRatio: reading?.budget.consumedRatio ?? null,
    remainingRatio: remaining,
    exhaustedInSeconds: reading?.budget.exhaustedInSeconds ?? null,
    evaluatedAt: reading?.evaluatedAt ?? null,
  };
};

const loadBudgets = async (database: Database, now: EpochMs): Promise<BudgetResource[]> => {
  const [slos, exhausted] = await Promise.all([loadSlos(database, now), database.read(readOpenExhaustions)]);
  return slos.map((slo) => budgetOf(slo, exhausted));
};

const EMPTIEST_FIRST: readonly SortKey[] = [{ field: "remainingRatio", isDescending: false }];
const NUMBERS = new Set(["remainingRatio", "consumedRatio"]);

/** Ratios are texts, so that they are exact; they are ordered as the numbers that they are. */
const sortValue = (budget: BudgetResource, field: string): unknown => {
  const value = budget[field as keyof BudgetResource];
  return value !== null && NUMBERS.has(field) ? Number(value) : value;
};

type BudgetQuery = MemoryQuery & {
  readonly serviceId?: string | undefined;
  readonly exhausted?: "true" | "false" | undefined;
};

/** One page of the error budgets, the emptiest first unless `sort` says another order. */
export const listBudgets = async (
  database: Database,
  query: BudgetQuery,
  now: EpochMs,
): Promise<PageFor<MemoryQuery, BudgetResource>> => {
  const { serviceId, exhausted, sort = EMPTIEST_FIRST } = query;
  const budgets = (await loadBudgets(database, now)).filter(
    (budget) =>
      (serviceId === undefined || budget.serviceId === serviceId) &&
      (exhausted === undefined || String(budget.isExhausted) === exhausted),
  );
  const asked: MemoryQuery = { ...query, sort };
  return listInMemory(budgets, asked, {
    kind: "budgets",
    textsOf: ({ id, serviceId: service }) => [id, service],
    sortValueOf: sortValue,
  });
};

/** @throws AppError NOT_FOUND */
export const getBudget = async (database: Database, id: string, now: EpochMs): Promise<BudgetResource> => {
  const budget = (await loadBudgets(database, now)).find((candidate) => candidate.id === id);
  if (budget === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
  return budget;
};
