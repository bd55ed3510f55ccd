import type { Metadata } from "next";
import type { OnCall } from "#lib/read/on-call.ts";
import { loadOnCall } from "#lib/read/on-call.ts";
import { fillText } from "../../../_view/format.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import { Live } from "../../_parts/live.tsx";
import { FiringAlert } from "../../_parts/oncall-alert.tsx";
import { AlertLine, QuietReasons } from "../../_parts/oncall-quiet.tsx";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminLanguage, adminView } from "../../_parts/view.ts";
import { ADMIN_WORDS } from "../../_words/index.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: ADMIN_WORDS[await adminLanguage()].oncall.title,
});

const headlineOf = ({ firing }: OnCall, { words, format }: AdminView): string => {
  const { headline } = words.oncall;
  const pages = firing.filter(({ severity }) => severity === "page").length;
  const tickets = firing.length - pages;
  const parts = [
    ...(pages === 0 ? [] : [format.plural(pages, headline.pages)]),
    ...(tickets === 0 ? [] : [format.plural(tickets, headline.tickets)]),
  ];
  return parts.length === 0 ? headline.none : parts.join(", ");
};

/** What fires now and asks for somebody; what fires quietly; what ended within a day. Made for a phone at night. */
const OnCallPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const view = await adminView(await searchParams);
  const { words } = view;
  const found = await loadOnCall(view.cookie);
  return (
    <AdminFrame current="onCall" view={view}>
      <div className="thumb wide">
        <div>
          <div className="title">
            <h1>{headlineOf(found, view)}</h1>
            <p className="small soft">
              <time dateTime={view.today}>
                {fillText(words.frame.dataAsOf, {
                  time: `${view.format.time(view.today)}, ${view.format.zone(view.today)}`,
                })}
              </time>{" "}
              · <a href="/admin/on-call/alerts.csv">{words.frame.csv}</a>
            </p>
            <Live view={view} />
          </div>
          {found.firing.length === 0 ? <p className="calm">{words.oncall.noneText}</p> : null}
          {found.firing.map((alert) => (
            <FiringAlert key={alert.id} view={view} alert={alert} context={found} />
          ))}
        </div>
        <div>
          {found.quiet.length === 0 ? null : (
            <section aria-labelledby="quiet">
              <h2 id="quiet">{words.oncall.quiet}</h2>
              <ul className="incidents">
                {found.quiet.map((alert) => (
                  <AlertLine key={alert.id} view={view} alert={alert} context={found}>
                    <QuietReasons view={view} alert={alert} context={found} />
                  </AlertLine>
                ))}
              </ul>
            </section>
          )}
          <section aria-labelledby="over">
            <h2 id="over">{words.oncall.over}</h2>
            {found.over.length === 0 ? <p className="soft">{words.oncall.noneOver}</p> : null}
            <ul className="incidents">
              {found.over.map((alert) => (
                <AlertLine key={alert.id} view={view} alert={alert} context={found} />
              ))}
            </ul>
          </section>
        </div>
      </div>
    </AdminFrame>
  );
};
export default OnCallPage;
