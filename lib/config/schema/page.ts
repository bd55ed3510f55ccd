import { z } from "zod";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { checkAccent, checkLogo, MAX_LOGO } from "../rules/page.ts";
import { checkPageUrl } from "../rules/url.ts";
import { checkName, checkTimeZone, text } from "../scalars.ts";
import { name, webUrl } from "./fields.ts";
import { pageReach } from "./pages.ts";

// What the file says of the page as a whole: its name, its languages, and how it looks.

const MAX_DESCRIPTION = 300;
const MAX_LINKS = 8;
const MAX_LABEL = 60;

const accent = (theme: "light" | "dark") =>
  text(checkAccent(theme), {
    description: `Colour of links in the ${theme} theme`,
    pattern: "^#[0-9a-fA-F]{6}$",
    "x-type": "colour",
    "x-limits": "`#rrggbb`, contrast of 4.5 or more",
  });

const FooterLinkFile = z.strictObject({
  label: text(checkName(MAX_LABEL), { description: "What the link says", minLength: 1, maxLength: MAX_LABEL }),
  url: webUrl("Where it leads"),
});

export const PageFile = z.strictObject({
  name: name("Title of the status page", { default: "Status" }).optional(),
  url: text(checkPageUrl, {
    description: "Public address of the page; named in feeds and events",
    format: "uri",
    "x-type": "URL",
  }).optional(),
  time_zone: text(checkTimeZone, {
    description: "Zone of days and times on the page",
    default: "UTC",
    "x-type": "IANA time zone",
  }).optional(),
  languages: z
    .array(z.enum(LANGUAGES))
    .min(1)
    .meta({
      description: "Languages of the page; the first one is shown to visitors who ask for none of them",
      default: ["en"],
    })
    .optional(),
  description: text(checkName(MAX_DESCRIPTION), {
    description: "One or two sentences about the page, for its foot and for search engines",
    minLength: 1,
    maxLength: MAX_DESCRIPTION,
    "x-default": "none",
  }).optional(),
  logo: text(checkLogo, {
    description: "Image before the page's name, 28 pixels high",
    maxLength: MAX_LOGO,
    "x-type": "`data:` address",
    "x-limits": "SVG, PNG, JPEG or WebP in base64, 16,384 characters",
    "x-default": "none",
  }).optional(),
  accent: z
    .strictObject({ light: accent("light"), dark: accent("dark") })
    .meta({ description: "Colour of links; everything else follows the state", "x-default": "a blue" })
    .optional(),
  footer_links: z
    .array(FooterLinkFile)
    .max(MAX_LINKS)
    .meta({ description: "Links of your own at the foot of the page", default: [] })
    .optional(),
  statuspage_indicators: z
    .enum(["four", "five"])
    .meta({
      description:
        "Whether `/api/v2` may also say `maintenance` as its indicator (`five`); strict old readers know `four`",
      default: "five",
    })
    .optional(),
  search_engines: z
    .boolean()
    .meta({ description: "Whether search engines may list the page", default: true })
    .optional(),
  ...pageReach,
});
