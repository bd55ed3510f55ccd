import type { Tx } from "#db/database.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Affected, IncidentTexts, IncidentToOpen } from "./open-incident.ts";
import { openIncidentIn } from "./open-incident.ts";
import { findTemplate } from "./templates.ts";

/** An incident as somebody asks for it: what is left out comes from a template, or has a default. */
export type IncidentWish = Pick<
  IncidentToOpen,
  "actor" | "now" | "randomBytes" | "startedAt" | "publishAt" | "status"
> & {
  readonly title?: string | undefined;
  readonly message?: string | undefined;
  readonly impact?: IncidentToOpen["impact"] | undefined;
  readonly affected?: Affected | undefined;
  readonly draft: boolean;
  readonly notify: boolean;
  readonly templateId?: string | undefined;
  readonly translations?: IncidentTexts | undefined;
};

/** @throws AppError INVALID_REQUEST without a message; NOT_FOUND for an unknown service or template */
export const openFromTemplate = async (tx: Tx, wish: IncidentWish): Promise<IncidentResource> => {
  const template = wish.templateId === undefined ? null : await findTemplate(tx, wish.templateId);
  const message = wish.message ?? template?.message;
  if (message === undefined) throw new AppError("INVALID_REQUEST", "the message is missing");
  const ofTemplate = Object.fromEntries((template?.affected ?? []).map(({ serviceId, impact }) => [serviceId, impact]));
  const affected = wish.affected ?? ofTemplate;
  // Services that name their impact say how bad it is; else somebody has to.
  const isSaid = Object.values(affected).some((impact) => impact !== null);
  return openIncidentIn(tx, {
    ...wish,
    affected,
    impact: wish.impact ?? (isSaid ? null : (template?.impact ?? "minor")),
    message,
    name: wish.title ?? template?.title ?? null,
    status: wish.status ?? template?.status,
    isDraft: wish.draft,
    translations: { ...template?.translations, ...wish.translations },
  });
};
