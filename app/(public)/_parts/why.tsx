import type { SnapshotService, SnapshotSlo } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { addressOf, incidentAddress, serviceAddress } from "../../_view/address.ts";
import { isOpen } from "../../_view/heading.ts";
import { nameOf, shareText } from "../../_view/incident.ts";
import { maintenanceAnchor, maintenanceLists, workTextOf } from "../../_view/maintenance.ts";
import { digitsFor, promisesSpeed, windowText } from "../../_view/slo-line.ts";
import { BurnLine } from "./burn-line.tsx";
import type { View } from "./view.ts";

type Props = { service: SnapshotService; view: View };

/** "What decides: successful checks, objective 99.9 %." */
const decidedBy = ({ service, view }: Props): string => {
  const { format, language } = view;
  const { words } = format;
  const sli = service.why.decidedBy;
  if (sli === undefined) return "";
  const threshold = sli.thresholdMs === null ? "" : format.response(sli.thresholdMs);
  const name = words.sli[sli.sli].replace("{threshold}", threshold);
  const lower = name.charAt(0).toLocaleLowerCase(language) + name.slice(1);
  const text = sli.objective === null ? words.service.decidedBy : words.service.decidedByWith;
  return text
    .replace("{sli}", lower)
    .replace("{objective}", sli.objective === null ? "" : format.percentText(sli.objective));
};

/** What was counted in the live window, and how much of it was to be counted. */
const numbers = ({ service, view }: Props): string => {
  const { format } = view;
  const { service: words } = format.words;
  const { why } = service;
  if (why.expectedSlots === 0) return words.whyNone;
  const counted = (promisesSpeed(service) ? words.whySlow : words.whyNumbers)
    .replace("{window}", format.span(why.windowSeconds * 1_000))
    .replace("{decided}", format.integer(why.decidedSlots))
    .replace("{expected}", format.integer(why.expectedSlots))
    .replace("{bad}", format.integer(why.badSlots));
  return `${counted} ${words.coverage.replace("{coverage}", format.percentOf(why.decidedSlots, why.expectedSlots, 1))}`;
};

const places = ({ service, view }: Props): string => {
  const { format } = view;
  const { service: words } = format.words;
  const { dissentingLocations: dissent, locationsWithoutData: silent = [] } = service.why;
  const texts = [];
  if (dissent.length > 0) {
    texts.push(format.plural(dissent.length, words.dissent).replace("{names}", format.list(dissent)));
  }
  if (silent.length > 0) texts.push(words.noDataFrom.replace("{names}", format.list(silent)));
  return texts.join(" ");
};

/** "99.1 % as measured, 99.9 % without the times that are excluded": only where exclusions change anything. */
const adjusted = (slo: SnapshotSlo, view: View): string | null => {
  const { raw, good, total, objective } = slo;
  if (raw === undefined || total === 0 || raw.total === 0) return null;
  const { format } = view;
  const digits = digitsFor(objective);
  return format.words.service.adjusted
    .replace("{raw}", format.percentOf(raw.good, raw.total, digits))
    .replace("{adjusted}", format.percentOf(good, total, digits))
    .replace("{window}", windowText(slo, format));
};

type Link = { readonly href: string; readonly text: string };

const linksOf = (links: readonly Link[]) =>
  links.map(({ href, text }, index) => (
    <span key={href}>
      {index === 0 ? "" : ", "}
      <a href={href}>{text}</a>
    </span>
  ));

const MOST_SPENDERS = 3;
const DAY_MS = 86_400_000;

/** The incidents of the windows that still count which cost the service most of its published budgets, each with its share. */
const spendersOf = (service: SnapshotService, view: View): Link[] => {
  const windows = new Map(service.slos.map(({ id, windowDays }) => [id, windowDays * DAY_MS]));
  const now = Date.parse(view.now);
  const spent = view.snapshot.incidents.flatMap((incident) => {
    const end = Date.parse(incident.resolvedAt ?? view.now);
    const own = (incident.costs ?? []).filter(({ sloId, share }) => share > 0 && now - end < (windows.get(sloId) ?? 0));
    const share = Math.max(0, ...own.map((cost) => cost.share));
    return share === 0 ? [] : [{ incident, share }];
  });
  return spent
    .toSorted((a, b) => b.share - a.share)
    .slice(0, MOST_SPENDERS)
    .map(({ incident, share }) => ({
      href: incidentAddress(incident, view),
      text: `${nameOf(incident, view.language)} (${shareText(share, view.format)})`,
    }));
};

/** What people have said that counts beside the measurement. */
const Said = ({ service, view }: Props) => {
  const { service: words } = view.format.words;
  const incidents = view.snapshot.incidents.filter((one) => isOpen(one) && one.serviceIds.includes(service.id));
  const works = maintenanceLists(view.snapshot).active.filter(({ serviceIds }) => serviceIds.includes(service.id));
  const spent = spendersOf(service, view);
  return (
    <>
      {incidents.length === 0 ? null : (
        <p>
          <Fill
            text={words.byIncident}
            names={linksOf(
              incidents.map((one) => ({ href: incidentAddress(one, view), text: nameOf(one, view.language) })),
            )}
          />
        </p>
      )}
      {works.length === 0 ? null : (
        <p>
          <Fill
            text={words.byMaintenance}
            names={linksOf(
              works.map((one) => ({
                href: addressOf("/maintenance", view, maintenanceAnchor(one)),
                text: workTextOf(one, view.language).name,
              })),
            )}
          />
        </p>
      )}
      {spent.length === 0 ? null : (
        <p>
          <Fill text={words.spentBy} names={linksOf(spent)} />
        </p>
      )}
    </>
  );
};

/** The numbers behind a service's state, what else decides it, and the rule that turns them into a word. */
export const Why = ({ service, view }: Props) => {
  const { format, language } = view;
  const { service: words, states } = format.words;
  const exact = service.slos.flatMap((slo) => adjusted(slo, view) ?? []);
  return (
    <>
      <p>
        {decidedBy({ service, view })} {numbers({ service, view })} {places({ service, view })}{" "}
        <BurnLine service={service} view={view} />
      </p>
      {service.measured === service.published ? null : (
        <p>{words.published.replace("{state}", states[service.measured].toLocaleLowerCase(language))}</p>
      )}
      <Said service={service} view={view} />
      {exact.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <p className="soft small">{words.rule}</p>
    </>
  );
};

/** The same, one click away from the first page. */
export const WhyDisclosure = ({ service, view }: Props) => (
  <details className="why">
    <summary>
      {view.format.words.note.why}
      <span className="hidden">{` ${service.name}`}</span>
    </summary>
    <Why service={service} view={view} />
    <p className="small">
      <a href={serviceAddress(service, view)}>{view.format.words.service.more}</a>
    </p>
  </details>
);
