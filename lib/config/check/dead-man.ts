import type { Fault, Path } from "../config-error.ts";
import { isMapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { fieldOf } from "../references.ts";
import type { EgressRules } from "../rules/egress.ts";
import { isReference } from "../rules/notification.ts";
import { checkWebUrl } from "../rules/url.ts";
import type { SecretSources } from "../secrets.ts";
import { followSecret, placed } from "./request.ts";

export type DeadManDeps = {
  readonly rules: EgressRules;
  readonly secrets: SecretSources;
  readonly keepSecret: (path: Path, value: string) => void;
};

/** Follows the address of the outside watcher and asks the address policy about it. */
export const checkDeadMan = (root: Placed, deps: DeadManDeps): Fault[] => {
  const entry = fieldOf(root, "dead_man");
  if (!isMapping(entry.value)) return [];
  const { url } = entry.value;
  if (typeof url !== "string") return [];
  if (!isReference(url)) return placed(fieldOf(entry, "url").path, deps.rules.checkWebhookUrl(url));
  return followSecret(entry, "url", deps, (address) => {
    const form = checkWebUrl(address);
    return form === null
      ? deps.rules.checkWebhookUrl(address)
      : { ...form, message: `names an address that ${form.message}` };
  }).faults;
};
