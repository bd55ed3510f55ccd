import type { SnapshotIncident } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { costSentence, textOf, worstCost } from "../../_view/incident.ts";
import { Instant } from "./instant.tsx";
import { SafeHtml } from "./safe-html.tsx";
import type { View } from "./view.ts";

type Props = { incident: SnapshotIncident; view: View };

/** The post-mortem in the reader's language; snapshots of earlier releases keep it as an update in plain text. */
const contentOf = ({ incident, view }: Props): { html: string | null; plain: string; at: string } | null => {
  const { postmortem } = incident;
  if (postmortem !== undefined && postmortem !== null) {
    const html = postmortem.translations?.[view.language]?.bodyHtml ?? postmortem.bodyHtml;
    return { html, plain: "", at: postmortem.publishedAt };
  }
  const update = incident.updates.find(({ status }) => status === "postmortem");
  return update === undefined ? null : { ...textOf(update, view.language), at: update.displayAt };
};

/** What was learnt, with what it cost as it was measured. */
export const Postmortem = ({ incident, view }: Props) => {
  const content = contentOf({ incident, view });
  if (content === null) return null;
  const { incident: words } = view.format.words;
  const cost = worstCost(incident, view.snapshot);
  return (
    <section aria-labelledby="postmortem">
      <div className="head">
        <h2 id="postmortem">{words.postmortem}</h2>
        <p className="soft">
          <Fill text={words.published} time={<Instant at={content.at} view={view} />} />
        </p>
      </div>
      {cost === null ? null : (
        <p className="cost">
          <strong>{costSentence(cost, view.snapshot, view.format)}</strong>
        </p>
      )}
      {content.html === null ? <p className="plain-text">{content.plain}</p> : <SafeHtml html={content.html} />}
    </section>
  );
};
