import type { ConfigVersionResource } from "#lib/contracts/configured.ts";
import { fillText } from "../../_view/format.ts";
import { Rows, When } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

/** Ids, or how many where they are many. */
const namesOf = (view: AdminView, value: unknown): string | null => {
  if (Array.isArray(value)) return value.length === 0 ? null : view.format.list(value.map(String));
  const count = (value as { readonly count?: unknown } | undefined)?.count;
  return typeof count === "number" ? view.format.integer(count) : null;
};

const KINDS = { added: "added", revived: "added", changed: "changed", retired: "removed" } as const;

/** "services: added shop", a line for each table that changed. */
const changesOf = (view: AdminView, { changes }: ConfigVersionResource): string[] => {
  const words = view.words.settings.configuration;
  return Object.entries(changes).flatMap(([table, change]) => {
    const parts = (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) => {
      const names = namesOf(view, change[kind]);
      return names === null ? [] : [fillText(words[KINDS[kind]], { names })];
    });
    return parts.length === 0
      ? []
      : [
          `${Object.hasOwn(words.things, table) ? words.things[table as keyof typeof words.things] : table}: ${parts.join("; ")}`,
        ];
  });
};

/** Versions of the configuration, the newest first. */
export const VersionList = ({ view, versions }: { view: AdminView; versions: readonly ConfigVersionResource[] }) => {
  const { configuration } = view.words.settings;
  return (
    <Rows
      label={configuration.versions}
      empty={configuration.none}
      columns={[configuration.version, configuration.since, configuration.author, configuration.changes]}
      rows={versions.map((one) => {
        const lines = changesOf(view, one);
        return {
          key: one.id,
          cells: [
            one.id,
            <When key="at" view={view} at={one.appliedAt} />,
            <span key="actor" className="break" translate="no">
              {one.actor}
            </span>,
            lines.length === 0 ? (
              configuration.noChanges
            ) : (
              <ul key="changes" className="break" translate="no">
                {lines.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            ),
          ],
        };
      })}
    />
  );
};
