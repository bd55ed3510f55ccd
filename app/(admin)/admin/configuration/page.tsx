import type { Metadata } from "next";
import type { ConfigResource } from "#lib/contracts/configured.ts";
import { AppError } from "#lib/core/errors.ts";
import { getConfig, listConfigVersions } from "#lib/read/config.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { Figure } from "../../_parts/figure.tsx";
import { Area, Facts, Given, ListFile, Pager, Refused, toSettings, When } from "../../_parts/settings-parts.tsx";
import { FilePlan } from "../../_parts/settings-plan.tsx";
import { filtersOf, orNotFound, pagingOf, textOf } from "../../_parts/settings-query.ts";
import { VersionList } from "../../_parts/settings-versions.tsx";
import { TextOnDemand } from "../../_parts/settings-yaml.client.tsx";
import type { AdminView, SearchParams } from "../../_parts/view.ts";
import { adminView } from "../../_parts/view.ts";

export const generateMetadata = async (): Promise<Metadata> => ({
  title: (await adminView()).words.settings.areas.configuration.name,
});

const PAGE = 20;
const YAML = "/admin/api/v1/config/yaml";

/** Null before the first version. */
const inForce = async (): Promise<ConfigResource | null> => {
  try {
    return await getConfig(getWebContext().database);
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_READY") return null;
    throw error;
  }
};

const Drift = ({ view, drift }: { view: AdminView; drift: ConfigResource["drift"] }) => {
  const { configuration } = view.words.settings;
  const lists = Object.entries(drift).filter(([, ids]) => ids.length > 0);
  return (
    <section aria-labelledby="drift">
      <h2 id="drift">{configuration.drift}</h2>
      {lists.length === 0 ? <p className="soft">{configuration.noDrift}</p> : null}
      <Facts
        facts={lists.map(([kind, ids]) => [
          configuration.things[kind as keyof typeof configuration.things],
          <Given key={kind}>{view.format.list(ids)}</Given>,
        ])}
      />
    </section>
  );
};

const InForce = ({ view, config }: { view: AdminView; config: ConfigResource }) => {
  const { words, format } = view;
  const { configuration } = words.settings;
  return (
    <>
      <Facts
        api="/v1/config"
        facts={[
          [
            configuration.version,
            <Figure key="version" kind="text" at="/version">
              {config.version}
            </Figure>,
          ],
          [configuration.since, <When key="since" view={view} at={config.appliedAt} />],
          [configuration.author, <Given key="actor">{config.actor}</Given>],
          [configuration.sha, <code key="sha">{config.sha256}</code>],
          ...Object.entries(config.counts).map(
            ([kind, count]) =>
              [
                configuration.things[kind as keyof typeof configuration.things],
                <Figure key={kind} kind="count" at={`/counts/${kind}`}>
                  {format.integer(count)}
                </Figure>,
              ] as const,
          ),
        ]}
      />
      <Drift view={view} drift={config.drift} />
      <section aria-label={configuration.yaml}>
        <TextOnDemand
          path={YAML}
          title={configuration.yaml}
          note={configuration.yamlNote}
          working={words.frame.working}
          offline={words.frame.offline}
        />
        <p className="small list">
          <a href={YAML} download="nines.yaml">
            {configuration.download}
          </a>
        </p>
      </section>
    </>
  );
};

/** What is in force, what of it does not stand in the file, and what changed when. */
const ConfigurationPage = async ({ searchParams }: { searchParams: Promise<SearchParams> }) => {
  const search = await searchParams;
  const view = await adminView(search);
  const { areas, configuration } = view.words.settings;
  if (!mayDo(view.session, "config:read"))
    return <Refused view={view} title={areas.configuration.name} scope="config:read" />;
  const [config, plan, page] = await Promise.all([
    inForce(),
    getWebContext().planConfig?.(),
    orNotFound(listConfigVersions(getWebContext().database, pagingOf(search, PAGE))),
  ]);
  return (
    <Area view={view} title={areas.configuration.name} lead={areas.configuration.about} back={toSettings(view)}>
      {config === null ? <p className="list soft">{configuration.none}</p> : <InForce view={view} config={config} />}
      {plan === undefined ? null : <FilePlan view={view} plan={plan} />}
      <section aria-labelledby="versions">
        <h2 id="versions">{configuration.versions}</h2>
        <VersionList view={view} versions={page.data} />
        <Pager
          view={view}
          path="/admin/configuration"
          filters={filtersOf({ tz: textOf(search, "tz") })}
          pagination={page.pagination}
        />
        <ListFile view={view} href="/admin/settings/versions.csv" />
      </section>
    </Area>
  );
};
export default ConfigurationPage;
