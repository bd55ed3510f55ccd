import { account } from "./account.ts";
import { calendar } from "./calendar.ts";
import { desk } from "./desk.ts";
import { frame } from "./frame.ts";
import { oncall } from "./oncall.ts";
import { portal } from "./portal.ts";
import { probes } from "./probes.ts";
import { services } from "./services.ts";
import { settings } from "./settings.ts";
import { sloPage } from "./slo-page.ts";
import { slos } from "./slos.ts";

/** Every word of the dashboards, by area. The other languages have the same keys, or they do not compile. */
export const en = { frame, desk, oncall, account, calendar, portal, settings, slos, sloPage, probes, services };
