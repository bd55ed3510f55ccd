import type { ConfigPlanResource } from "#lib/contracts/config-plan.ts";
import { Fill } from "../../_parts/fill.tsx";
import { StateMark } from "../../_parts/glyph.tsx";
import { fillText } from "../../_view/format.ts";
import { figureOf, resource } from "./figure.tsx";
import { Given, Rows, When } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

type Props = { readonly view: AdminView; readonly plan: ConfigPlanResource };
type Change = ConfigPlanResource["changes"][number];

const ROLES = { same: "ok", differs: "maint", faulty: "major", unreadable: "major", none: "none" } as const;
const MOST_FIELDS = 20;
const MOST_CHANGES = 200;

const Faults = ({ view, plan }: Props) => {
  const { file: words } = view.words.settings.configuration;
  return (
    <>
      <h3>{words.faults}</h3>
      <Rows
        label={words.faults}
        empty="–"
        columns={[words.place, words.fault, words.cure]}
        rows={plan.faults.map(({ path, line, message, cure }, at) => ({
          key: String(at),
          cells: [
            <span key="place" translate="no">
              {path === "" ? words.whole : <code className="break">{path}</code>}
              {line === null ? null : <small>{fillText(words.line, { line: String(line) })}</small>}
            </span>,
            <Given key="fault">{message}</Given>,
            <Given key="cure">{cure}</Given>,
          ],
        }))}
      />
      {plan.faultCount > plan.faults.length ? (
        <p className="small soft">{fillText(words.more, { count: view.format.integer(plan.faultCount) })}</p>
      ) : null}
    </>
  );
};

const valueText = (value: unknown, empty: string): string =>
  value === undefined ? empty : typeof value === "string" ? value : JSON.stringify(value);

const Fields = ({ view, change }: { view: AdminView; change: Change }) => {
  const { file: words } = view.words.settings.configuration;
  if (change.fields.length === 0) return "–";
  return (
    <ul className="break" translate="no">
      {change.fields.slice(0, MOST_FIELDS).map(({ path, from, to }) => (
        <li key={path}>
          <code>{path === "" ? words.value : path}</code> {valueText(from, words.empty)} → {valueText(to, words.empty)}
        </li>
      ))}
      {change.fields.length > MOST_FIELDS ? <li>…</li> : null}
    </ul>
  );
};

const Changes = ({ view, plan }: Props) => {
  const { file: words } = view.words.settings.configuration;
  return (
    <>
      <h3>{words.plan}</h3>
      <Rows
        label={words.plan}
        empty="–"
        columns={[words.thing, words.kind, words.action, words.fields]}
        rows={plan.changes.slice(0, MOST_CHANGES).map((change) => ({
          key: `${change.kind} ${change.id}`,
          cells: [
            <Given key="id">{change.id}</Given>,
            words.kinds[change.kind],
            words.actions[change.action],
            <Fields key="fields" view={view} change={change} />,
          ],
        }))}
      />
      {plan.changes.length > MOST_CHANGES ? (
        <p className="small soft" {...resource("/v1/config/plan")}>
          <Fill text={words.more} count={figureOf("length", "/changes", view.format.integer(plan.changes.length))} />
        </p>
      ) : null}
    </>
  );
};

/** The file as it is now beside what is in force: what is wrong with it, or what it would change. */
export const FilePlan = ({ view, plan }: Props) => {
  const { file: words } = view.words.settings.configuration;
  const { state } = plan;
  const sentence = fillText(words[state === "none" ? "absent" : state], { file: plan.file ?? "" });
  return (
    <section aria-labelledby="file">
      <div className="head">
        <h2 id="file">{words.title}</h2>
        <p className="soft">
          <Fill text={words.readAt} time={<When view={view} at={plan.readAt} />} />
        </p>
      </div>
      <p>
        <StateMark role={ROLES[state]} word={sentence} />
      </p>
      {state === "faulty" ? <Faults view={view} plan={plan} /> : null}
      {state === "differs" ? <Changes view={view} plan={plan} /> : null}
      <p className="small soft">{words.note}</p>
    </section>
  );
};
