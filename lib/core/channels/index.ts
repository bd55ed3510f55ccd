import { alertmanager } from "./alertmanager.ts";
import type { Channel, ChannelType } from "./channel.ts";
import { discord } from "./discord.ts";
import { email } from "./email.ts";
import { ntfy } from "./ntfy.ts";
import { pagerduty } from "./pagerduty.ts";
import { slack } from "./slack.ts";
import { teams } from "./teams.ts";

/** Every channel beside the signed webhook, whose body is the event itself. */
export const CHANNELS: Readonly<Record<ChannelType, Channel>> = {
  slack,
  pagerduty,
  alertmanager,
  discord,
  teams,
  ntfy,
  email,
};
