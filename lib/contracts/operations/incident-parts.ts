import { z } from "zod";
import { IncidentLanguage } from "../incidents.ts";
import { IncidentImpact } from "../snapshot-incidents.ts";
import { bodyLine, bodyText, id } from "./operation.ts";

/** What the bodies of incidents and of their templates are made of. */

export const OpenStatus = z.enum(["investigating", "identified", "monitoring"]);
export const title = bodyLine(200, "What is wrong, in a few words");
export const message = bodyText(20_000, "Markdown for customers");
export const notify = z.boolean().meta({ description: "Whether subscribers are told" });

/** Services and how each is affected; without an impact, as the incident is. */
export const affected = z
  .array(z.strictObject({ service: id, impact: IncidentImpact.optional() }))
  .max(200)
  .transform((list) => Object.fromEntries(list.map(({ service, impact = null }) => [service, impact] as const)))
  .meta({
    type: "array",
    items: {
      type: "object",
      properties: { service: { type: "string" }, impact: { type: "string", enum: IncidentImpact.options } },
      required: ["service"],
    },
  });
export const translations = z
  .partialRecord(IncidentLanguage, z.strictObject({ title: title.optional(), message: message.optional() }))
  .meta({ description: "Texts in other languages; what is left out is shown as it is" });
