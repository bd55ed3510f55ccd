import { DEFAULTS } from "#lib/core/channels/defaults.ts";
import type { EndpointDefinition, EndpointFilters, EndpointSettings } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import type { Path } from "../config-error.ts";
import { toDuration } from "../scalars.ts";
import type { NotificationFile } from "../schema/notification.ts";

type Context = {
  readonly path: Path;
  readonly pageTimeZone: string;
  /** What a reference at a path leads to; null when a value stands there itself. */
  readonly secretAt: (path: Path) => string | null;
};

/** A mapping without the keys that have no value, or nothing when none has. */
const onlyKnown = <Value extends object>(value: Value): { readonly [Key in keyof Value]?: NonNullable<Value[Key]> } =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>;
  };

const orNothing = <Value extends object>(value: Value): Value | undefined =>
  Object.keys(value).length === 0 ? undefined : value;

const filtersOf = ({ services, severities }: NotificationFile): EndpointFilters | undefined =>
  orNothing(onlyKnown({ services, severities }));

const settingsOf = (file: NotificationFile, pageTimeZone: string): EndpointSettings | undefined => {
  const { quiet_hours: quiet, remind_every: remind } = file;
  return orNothing(
    onlyKnown({
      quietHours:
        quiet === undefined
          ? undefined
          : {
              from: quiet.from,
              to: quiet.to,
              timeZone: quiet.time_zone ?? pageTimeZone,
              severities: (quiet.severities ?? ["ticket"]).filter((severity) => severity !== "page"),
            },
      remindEveryMs: remind === undefined ? undefined : toDuration(remind),
      format: file.type === "alertmanager" ? file.format : undefined,
      ...(file.type === "email"
        ? { from: file.from, to: file.to, username: file.username, starttls: file.starttls }
        : {}),
    }),
  );
};

const headersOf = (file: NotificationFile, { path, secretAt }: Context): Record<string, string> | undefined => {
  const headers = file.type === "email" ? undefined : file.headers;
  if (headers === undefined) return undefined;
  const opened = Object.entries(headers).map(([name, value]) => [name, secretAt([...path, "headers", name]) ?? value]);
  return orNothing(Object.fromEntries(opened) as Record<string, string>);
};

/** Who wants reminders is told of them, whatever list of events stands in the file. */
const eventsOf = ({
  type,
  events = [...DEFAULTS[type].events] as NonNullable<NotificationFile["events"]>,
  ...file
}: NotificationFile) =>
  file.remind_every === undefined || events.includes("*") ? events : [...new Set([...events, "alert.reminder"])];

/** A notification of the file as the engine knows it, with the defaults of its kind. */
export const toEndpoint = (file: NotificationFile, context: Context): EndpointDefinition => {
  const { path, secretAt, pageTimeZone } = context;
  const defaults = DEFAULTS[file.type];
  return {
    id: file.id,
    type: file.type,
    url: secretAt([...path, "url"]) ?? file.url ?? defaults.url ?? "",
    secret: secretAt([...path, "secret"]) ?? "",
    events: eventsOf(file),
    timeoutMs: file.timeout === undefined ? durationMs(defaults.timeoutMs) : toDuration(file.timeout),
    ...onlyKnown({
      headers: headersOf(file, context),
      description: file.description,
      filters: filtersOf(file),
      settings: settingsOf(file, pageTimeZone),
      isOrdered: file.ordered,
      maxInFlight: file.max_in_flight,
      maxPerSecond: file.max_per_second ?? defaults.maxPerSecond ?? undefined,
      fallbackId: file.fallback,
    }),
  };
};
