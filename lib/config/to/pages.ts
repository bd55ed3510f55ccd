import type { ExtraPageDefinition, PageAudience, PageDefinition, PageReach } from "#lib/core/definitions.ts";
import type { ExtraPageFile, PageAudienceFile } from "../schema/pages.ts";

const toAudience = (file: PageAudienceFile | undefined): PageAudience => {
  if (file === undefined || file === "public") return { kind: "public" };
  return file.networks === undefined ? { kind: "sign_in" } : { kind: "networks", networks: file.networks };
};

type ReachFile = Pick<ExtraPageFile, "hosts" | "audience" | "services" | "groups">;

/** Who sees a page where. What is not said is left out, so that older documents stay equal. */
export const toReach = ({ hosts, audience, services, groups }: ReachFile): PageReach => ({
  ...(hosts === undefined ? {} : { hosts }),
  ...(audience === undefined ? {} : { audience: toAudience(audience) }),
  ...(services === undefined ? {} : { services }),
  ...(groups === undefined ? {} : { groups }),
});

/** A page beside the main one, which lends it what it does not say itself. */
export const toExtraPage = (file: ExtraPageFile, main: PageDefinition): ExtraPageDefinition => ({
  id: file.id,
  name: file.name,
  url: file.url?.replace(/\/+$/, "") ?? (file.hosts?.[0] === undefined ? null : `https://${file.hosts[0]}`),
  timeZone: file.time_zone ?? main.timeZone,
  languages: file.languages ?? main.languages,
  ...(file.description === undefined ? {} : { description: file.description }),
  ...toReach(file),
});
