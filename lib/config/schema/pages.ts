import { z } from "zod";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { checkHostName, checkNetwork } from "../rules/page-reach.ts";
import { checkPageUrl } from "../rules/url.ts";
import { checkName, checkTimeZone, text } from "../scalars.ts";
import { id, name, reference } from "./fields.ts";

// What the file says of who sees which page where. What takes more than one value to judge is in check/pages.ts.

const MAX_HOSTS = 20;

const PageAudienceFile = z.union([
  z.literal("public").meta({ description: "Everybody" }),
  z
    .strictObject({
      sign_in: z.literal(true).meta({ description: "Whoever is signed in" }).optional(),
      networks: z
        .array(text(checkNetwork, { description: "Address or CIDR", "x-type": "address or CIDR" }))
        .min(1)
        .max(200)
        .meta({ description: "Whoever comes from one of these networks", "x-default": "any" })
        .optional(),
    })
    .meta({ description: "Some" }),
]);
export type PageAudienceFile = z.infer<typeof PageAudienceFile>;

/** Fields of the main page and of every other one. */
export const pageReach = {
  hosts: z
    .array(
      text(checkHostName, {
        description: "Host name without a port",
        "x-type": "host name",
      }),
    )
    .max(MAX_HOSTS)
    .meta({
      description:
        "Host names at which the page is served. Named for the main page, no other host is answered; left out there, it answers every host that belongs to no other page",
      default: [],
    })
    .optional(),
  audience: PageAudienceFile.meta({
    description:
      "Who may see the page, and everything that is drawn from it: `public`, `{ sign_in: true }` or `{ networks: […] }`",
    default: "public",
    "x-type": "text or mapping",
  }).optional(),
  services: z
    .array(reference("service"))
    .meta({ description: "Services on the page", "x-default": "all, or those of `groups`" })
    .optional(),
  groups: z
    .array(name("Group, with the groups within it"))
    .meta({ description: "Groups whose services are on the page", default: [] })
    .optional(),
};

export const ExtraPageFile = z.strictObject({
  id: id("page"),
  name: name("Title of the page"),
  url: text(checkPageUrl, {
    description: "Address of the page",
    format: "uri",
    "x-type": "URL",
    "x-default": "https and the first host",
  }).optional(),
  description: text(checkName(300), {
    description: "One or two sentences about the page",
    minLength: 1,
    maxLength: 300,
    "x-default": "none",
  }).optional(),
  time_zone: text(checkTimeZone, {
    description: "Zone of days and times on the page; days are cut as on the main page",
    "x-type": "IANA time zone",
    "x-default": "that of the main page",
  }).optional(),
  languages: z
    .array(z.enum(LANGUAGES))
    .min(1)
    .meta({ description: "Languages of the page", "x-default": "those of the main page" })
    .optional(),
  ...pageReach,
});
export type ExtraPageFile = z.infer<typeof ExtraPageFile>;

export const StaticSiteFile = z.strictObject({
  directory: text(
    (value) => (value.trim() === "" || value.includes("\0") ? { kind: "format", message: "must name a folder" } : null),
    {
      description: "Folder that the main page is written to as files at every change, for any static host",
      maxLength: 1_000,
      "x-type": "path",
    },
  ),
});
