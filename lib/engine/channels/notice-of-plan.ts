// Planned work, excluded time and statements: for the record, nobody has to hurry.

import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import type { Naming, Part } from "./notice-part.ts";
import { clock, fact, link } from "./notice-part.ts";

const EXCLUSION_STATES = {
  in_force: "is in force",
  awaiting_approval: "waits for a second person",
  revoked: "was revoked",
} as const;

/** What a message says of an exclusion. */
export const ofExclusion = (exclusion: ExclusionResource): Part => {
  const scope = exclusion.sloId ?? exclusion.serviceId ?? exclusion.probeId ?? "everything";
  return {
    tone: "neutral",
    phase: "note",
    title: `Exclusion of ${scope} ${EXCLUSION_STATES[exclusion.state]}`,
    text: `${exclusion.author}: ${exclusion.reason}`,
    facts: [
      ...fact("Kind", exclusion.kind.replaceAll("_", " ")),
      ...fact("From", clock(exclusion.startsAt)),
      ...fact("To", clock(exclusion.endsAt)),
      ...fact("Agreed by", exclusion.approvedBy),
    ],
    serviceId: exclusion.serviceId,
  };
};

/** What a message says of planned work. */
export const ofMaintenance = (maintenance: MaintenanceResource, naming: Naming): Part => ({
  tone: "neutral",
  phase: "note",
  title: `${maintenance.title}: ${maintenance.state.replaceAll("_", " ")}`,
  text:
    maintenance.cancelReason ??
    // Events of before have no messages.
    (maintenance as Partial<MaintenanceResource>).updates?.[0]?.message ??
    (maintenance.body || "Planned work."),
  facts: [
    ...fact("Services", maintenance.serviceIds.map((id) => naming.serviceName(id) ?? id).join(", ")),
    ...fact("Starts", clock((maintenance.occurrence ?? maintenance).startsAt)),
    ...fact("Lasts", maintenance.duration),
    ...fact("Repeats", maintenance.rrule),
  ],
  links: link(naming, "Status page", "/"),
  serviceId: maintenance.serviceIds[0] ?? null,
});

/** What a message says of a statement that was issued. */
export const ofStatement = (id: string): Part => ({
  tone: "neutral",
  phase: "note",
  title: `Statement ${id} was issued`,
  text: "What was promised and kept in a period is frozen, or was restated after a correction.",
  facts: [],
});
