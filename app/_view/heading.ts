import type { Snapshot, SnapshotIncident, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { TroubleState } from "../_words/words.ts";
import type { Format } from "./format.ts";
import { fillText } from "./format.ts";
import type { Role } from "./state-looks.ts";
import { ROLE_OF } from "./state-looks.ts";

/** The page's state in one sentence, and what else a reader should know in a second one. */
export type Heading = { readonly role: Role; readonly title: string; readonly text: string };

/** Worst first: what the heading speaks of, then what the text adds. */
const GRAVEST: readonly TroubleState[] = [
  "major_outage",
  "partial_outage",
  "degraded_performance",
  "unknown",
  "under_maintenance",
];
const MOST_NAMES = 3;

export const isOpen = (incident: SnapshotIncident): boolean =>
  incident.status !== "resolved" && incident.status !== "postmortem";

/** A sentence about all services in one kind of trouble: by name up to three, else by number. */
const troubleSentence = (state: TroubleState, services: readonly SnapshotService[], format: Format): string => {
  const { words } = format;
  const count = services.length;
  const subject =
    count > MOST_NAMES
      ? format.plural(count, words.subject.count)
      : fillText(format.plural(count, words.subject.names), { names: format.list(services.map(({ name }) => name)) });
  return fillText(format.plural(count, words.trouble[state]), { subject });
};

/** Written from facts only: published states, and whether somebody has opened an incident. */
export const headingOf = (snapshot: Snapshot, format: Format): Heading => {
  const { words } = format;
  const measured = snapshot.services.filter(({ hasData }) => hasData);
  const openCount = snapshot.incidents.filter(isOpen).length;
  const troubles = GRAVEST.map((state) => ({
    state,
    services: snapshot.services.filter(
      (service) => service.published === state && (service.hasData || state !== "unknown"),
    ),
  })).filter(({ services }) => services.length > 0);
  const incidents = openCount > 0 ? format.plural(openCount, words.openIncidents) : words.noOpenIncidents;

  const [gravest, ...others] = troubles;
  if (snapshot.services.length === 0)
    return { role: "none", title: words.heading.noServices, text: words.noServicesText };
  if (gravest === undefined && measured.length === 0) {
    return { role: "none", title: words.heading.waiting, text: words.waitingText };
  }
  if (gravest === undefined) return { role: "ok", title: words.heading.working, text: incidents };
  if (gravest.state === "unknown" && gravest.services.length === measured.length) {
    return { role: "none", title: words.heading.allUnknown, text: words.allUnknownText };
  }
  const title = troubleSentence(gravest.state, gravest.services, format);
  const isWorkedOn = openCount > 0 && gravest.state !== "unknown" && gravest.state !== "under_maintenance";
  const text = others.map(({ state, services }) => troubleSentence(state, services, format));
  if (measured.some(({ published }) => published === "operational")) text.push(words.everythingElse);
  return {
    role: ROLE_OF[gravest.state],
    title: isWorkedOn ? `${title} ${words.workingOnIt}` : title,
    text: text.join(" "),
  };
};
