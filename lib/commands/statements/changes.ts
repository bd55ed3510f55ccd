import { canonicalJson } from "#lib/commands/canonical-json.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import type { StatementChange, StatementLine, StatementService } from "#lib/contracts/statements.ts";
import type { StatementInputs } from "./gather.ts";

type What = StatementChange["what"];

/** What was added, removed or changed between two lists of things with a key. */
const differences = <T>(
  what: What,
  before: readonly T[],
  after: readonly T[],
  { keyOf, textOf }: { readonly keyOf: (one: T) => string; readonly textOf: (one: T) => string },
): StatementChange[] => {
  const [old, now] = [new Map(before.map((one) => [keyOf(one), one])), new Map(after.map((one) => [keyOf(one), one]))];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((id): StatementChange[] => {
    const [was, is] = [old.get(id), now.get(id)];
    if (was === undefined && is !== undefined) return [{ what, id, change: "added", text: textOf(is) }];
    if (was !== undefined && is === undefined) return [{ what, id, change: "removed", text: textOf(was) }];
    if (was === undefined || is === undefined || canonicalJson(was) === canonicalJson(is)) return [];
    const [from, to] = [textOf(was), textOf(is)];
    return [{ what, id, change: "changed", text: from === to ? to : `${from} -> ${to}` }];
  });
};

const exclusionText = ({ startsAt, endsAt, kind, state, reason, author }: ExclusionResource): string =>
  `${kind} (${state}) from ${startsAt} to ${endsAt} by ${author}: ${reason}`;

const figuresText = ({ figures }: StatementLine): string =>
  `${figures.good} good of ${figures.total}, attained ${figures.attainedRatio ?? "nothing"}`;

type Line = StatementInputs["lines"][number];
const lineKey = ({ sloId, from }: { readonly sloId: string; readonly from: string }): string => `${sloId} ${from}`;

/** What is different in a restatement: first the causes, then the figures that follow from them. */
export const statementChanges = (
  before: { readonly inputs: StatementInputs; readonly services: readonly StatementService[] },
  after: { readonly inputs: StatementInputs; readonly services: readonly StatementService[] },
): StatementChange[] => {
  const [was, is] = [before.inputs, after.inputs];
  const lines = (services: readonly StatementService[]) => services.flatMap((service) => service.lines);
  const minutes = (list: readonly Line[]) =>
    list.map(({ sloId, from, minutesSha256 }) => ({ sloId, from, minutesSha256 }));
  const terms = (list: readonly Line[]) =>
    list.map(({ sloId, from, until, terms: own }) => ({ sloId, from, until, own }));
  const byId = ({ id }: { readonly id: string }): string => id;
  return [
    ...differences("exclusion", was.exclusions, is.exclusions, { keyOf: byId, textOf: exclusionText }),
    ...differences("incident", was.incidents, is.incidents, {
      keyOf: byId,
      textOf: ({ name, startedAt, resolvedAt }) => `${name} from ${startedAt} to ${resolvedAt ?? "the end"}`,
    }),
    ...differences("terms", terms(was.lines), terms(is.lines), {
      keyOf: lineKey,
      textOf: ({ sloId, own, from, until }) => `${sloId}: ${own.objective} % from ${from} to ${until}`,
    }),
    ...differences("minutes", minutes(was.lines), minutes(is.lines), {
      keyOf: lineKey,
      textOf: ({ sloId }) => `counts of minutes of ${sloId}`,
    }),
    ...differences("figures", lines(before.services), lines(after.services), { keyOf: lineKey, textOf: figuresText }),
  ];
};
