import type { DependsOn, ServiceResource } from "#lib/read/service-dashboard.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import type { Neighbour } from "./dependency-layers.ts";

const COLUMN = 216;
const ROW = 44;
const NAME = 168;
const MOST_LETTERS = 22;

type Placed = Neighbour & { readonly x: number; readonly y: number };

/** Columns by level, each in the middle of the height. */
const placed = (neighbours: readonly Neighbour[]): Placed[] => {
  const levels = [...new Set(neighbours.map(({ level }) => level))].sort((a, b) => a - b);
  const tallest = Math.max(...levels.map((level) => neighbours.filter((one) => one.level === level).length));
  return levels.flatMap((level, column) => {
    const own = neighbours.filter((one) => one.level === level);
    const first = ((tallest - own.length) * ROW) / 2;
    return own.map((one, row) => ({ ...one, x: column * COLUMN, y: first + row * ROW + ROW / 2 }));
  });
};

const short = (name: string): string => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name);

/** About how wide a text is drawn: letters of Korean fill a square. */
const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 14 : 8), 0);

const edgePath = (from: Placed, to: Placed, name: string): string => {
  const [start, end] = [from.x + 34 + Math.min(widthOf(short(name)), NAME - 20), to.x - 6];
  const middle = (start + end) / 2;
  return `M${start} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${end} ${to.y}m-5 -4l5 4l-5 4`;
};

/** A service between what needs it and what it needs; the states are those of the status page. */
export const DependencyPicture = ({
  label,
  neighbours,
  dependsOn,
  services,
}: {
  label: string;
  neighbours: readonly Neighbour[];
  dependsOn: DependsOn;
  services: ReadonlyMap<string, ServiceResource>;
}) => {
  const nodes = placed(neighbours);
  const at = new Map(nodes.map((node) => [node.id, node]));
  const width = Math.max(...nodes.map(({ x }) => x)) + NAME + 24;
  const height = Math.max(...nodes.map(({ y }) => y)) + ROW / 2;
  const edges = nodes.flatMap((from) =>
    (dependsOn.get(from.id) ?? []).flatMap((id) => {
      const to = at.get(id);
      return to === undefined
        ? []
        : [{ key: `${from.id} ${id}`, path: edgePath(from, to, services.get(from.id)?.name ?? from.id) }];
    }),
  );
  return (
    <svg
      className="dependencies"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label={label}
    >
      {edges.map(({ key, path }) => (
        <path className="edge" key={key} d={path} />
      ))}
      {nodes.map(({ id, relation, x, y }) => {
        const service = services.get(id);
        const role = ROLE_OF[service?.state ?? "unknown"];
        return (
          <a key={id} href={`/admin/services/${id}`} aria-current={relation === "self" ? "page" : undefined}>
            <title>{service?.name ?? id}</title>
            <use className={role} href={`#g-${role}`} x={x + 2} y={y - 8} width="16" height="16" />
            <text x={x + 26} y={y + 5}>
              {short(service?.name ?? id)}
            </text>
          </a>
        );
      })}
    </svg>
  );
};
