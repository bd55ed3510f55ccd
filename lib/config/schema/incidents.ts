import { z } from "zod";

export const IncidentsFile = z.strictObject({
  on_alert: z
    .enum(["none", "draft", "publish"])
    .meta({
      description:
        "What a page alert leads to: nothing, a draft at the desk, or an incident on the page once two locations agree",
      default: "draft",
    })
    .optional(),
  single_location: z
    .enum(["draft", "publish"])
    .meta({
      description: "With `on_alert: publish`, what one location alone leads to where no second one measures",
      default: "draft",
    })
    .optional(),
});
