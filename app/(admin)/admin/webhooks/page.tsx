import type { Metadata } from "next";
import { mayDo } from "#lib/read/require-session.ts";
import { ChannelList, EndpointList } from "../../_parts/portal-lists.tsx";
import { pageEndpoints, pageServices, pageSourceAddresses } from "../../_parts/portal-reads.ts";
import { HowToVerify, NewEndpoint, SourceAddresses } from "../../_parts/portal-sections.tsx";
import { Area, ReadOnly, Refused } from "../../_parts/settings-parts.tsx";
import type { SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({ title: (await adminView()).words.portal.title });

/** Webhooks and channels: where events go. */
const WebhooksPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const view = await adminView(await searchParams);
  const { portal } = view.words;
  if (!mayDo(view.session, "endpoints:read"))
    return <Refused view={view} title={portal.title} scope="endpoints:read" />;
  const [endpoints, services, addresses] = await Promise.all([pageEndpoints(), pageServices(), pageSourceAddresses()]);
  return (
    <Area view={view} title={portal.title} lead={portal.lead} section="webhooks">
      <ReadOnly view={view} scope="endpoints:write" />
      <section aria-labelledby="webhooks">
        <div className="head">
          <h2 id="webhooks">{portal.webhooks}</h2>
          {endpoints.length === 0 ? null : (
            <a className="small" href="/admin/webhooks/endpoints.csv">
              {view.words.frame.csv}
            </a>
          )}
        </div>
        <EndpointList view={view} endpoints={endpoints.filter(({ type }) => type === "webhook")} />
        {mayDo(view.session, "endpoints:write") ? <NewEndpoint view={view} services={services} /> : null}
      </section>
      <section aria-labelledby="channels">
        <h2 id="channels">{portal.channels}</h2>
        <p className="small soft">{portal.channelsNote}</p>
        <ChannelList view={view} endpoints={endpoints.filter(({ type }) => type !== "webhook")} />
      </section>
      <div className="two">
        <SourceAddresses view={view} addresses={addresses} />
        <HowToVerify view={view} />
      </div>
    </Area>
  );
};
export default WebhooksPage;
