import type { Plan, PlannedChange } from "#lib/commands/config/plan-config.ts";
import { printable } from "#lib/config/config-error.ts";

const SIGNS = { add: "+", change: "~", remove: "-" } as const;
const MOST_FIELDS = 20;

const valueText = (value: unknown): string =>
  value === undefined ? "(none)" : printable(typeof value === "string" ? value : JSON.stringify(value), 200);

const changeText = ({ action, kind, id, fields }: PlannedChange): string => {
  const lines = fields
    .slice(0, MOST_FIELDS)
    .map(({ path, from, to }) => `    ${path === "" ? "value" : path}: ${valueText(from)} -> ${valueText(to)}\n`);
  const more = fields.length > MOST_FIELDS ? `    and ${fields.length - MOST_FIELDS} more fields\n` : "";
  return `${SIGNS[action]} ${kind} ${id}\n${lines.join("")}${more}`;
};

/** What a plan says to people: a line for each thing, its fields below it, and what was made by hand. */
export const showPlan = ({ changes, madeByHand, version }: Plan): string => {
  const count = (action: PlannedChange["action"]) => changes.filter((change) => change.action === action).length;
  const byHand = Object.entries(madeByHand).flatMap(([kind, ids]) =>
    ids.length === 0 ? [] : [`  ${kind}: ${ids.slice(0, 50).join(", ")}${ids.length > 50 ? ", …" : ""}\n`],
  );
  const inForce = version === null ? "nothing was applied yet" : `version ${version} is in force`;
  const summary =
    changes.length === 0
      ? `No change: the file is what is in force (${inForce}).\n`
      : `${count("add")} to add, ${count("change")} to change, ${count("remove")} to remove; ${inForce}.\n`;
  const hand = byHand.length === 0 ? "" : `Made by API or on a page; the file leaves it alone:\n${byHand.join("")}`;
  return `${changes.map(changeText).join("")}${summary}${hand}`;
};
