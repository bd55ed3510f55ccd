import { followSecret, placed } from "./check-request.ts";
import type { Fault, Path } from "./config-error.ts";
import type { EgressRules } from "./egress-rules.ts";
import { isReference } from "./notification-rules.ts";
import { isMapping } from "./read-document.ts";
import type { Placed } from "./references.ts";
import { fieldOf } from "./references.ts";
import type { SecretSources } from "./secrets.ts";
import { checkWebUrl } from "./url-rules.ts";

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
