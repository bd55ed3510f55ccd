import type { AlertResource } from "#lib/contracts/alerts.ts";
import { Fill } from "../../_parts/fill.tsx";
import { figureOf } from "./figure.tsx";
import { spanOf } from "./oncall-words.ts";
import type { AdminView } from "./view.ts";

type BurnAlert = Extract<AlertResource, { kind: "burn_rate" }>;
type ThresholdAlert = Extract<AlertResource, { kind: "threshold" }>;
type Props<Alert> = { readonly alert: Alert; readonly view: AdminView };

const Failed = ({ alert, name, view: { words, format } }: Props<BurnAlert> & { name: "long" | "short" }) => {
  const { failed } = words.oncall;
  const { bad, total, duration } = alert.windows[name];
  const text = total === 0 ? failed.none : bad === total ? failed.all : failed.some;
  const parts = {
    bad: figureOf("count", `/windows/${name}/bad`, format.integer(bad)),
    total: figureOf("count", `/windows/${name}/total`, format.integer(total)),
    window: spanOf(duration, format),
  };
  return <Fill text={text} {...parts} />;
};

const Budget = ({ alert, view: { words, format } }: Props<BurnAlert>) => {
  const { consumedRatio, exhaustedInSeconds } = alert.budget;
  const { budget } = words.oncall;
  if (consumedRatio === null) return null;
  const consumed = Number(consumedRatio);
  const window = spanOf(alert.window, format);
  if (consumed >= 1) {
    const spent = figureOf("spent", "/budget/consumedRatio", format.percent(consumed, 0));
    return <Fill text={budget.spent} window={window} spent={spent} />;
  }
  const left = figureOf("left", "/budget/consumedRatio", format.percent(1 - consumed, 1));
  const span = figureOf("span", "/budget/exhaustedInSeconds", format.span((exhaustedInSeconds ?? 0) * 1_000));
  return (
    <>
      <Fill text={budget.left} window={window} left={left} />{" "}
      {exhaustedInSeconds === null || exhaustedInSeconds === 0 ? null : <Fill text={budget.rest} span={span} />}
    </>
  );
};

const Threshold = ({ alert: { threshold }, view: { words, format } }: Props<ThresholdAlert>) => {
  const { text, unknown, metrics, ops } = words.oncall.threshold;
  const isShare = threshold.unit === "percent";
  const part = (at: "value" | "limit", value: string) => {
    const text = isShare ? format.percentText(value) : format.response(Number(value));
    return figureOf(isShare ? "percent" : "took", `/threshold/${at}`, text);
  };
  const parts = {
    metric: metrics[threshold.metric],
    value: threshold.value === null ? "" : part("value", threshold.value),
    window: spanOf(threshold.window, format),
    op: ops[threshold.op],
    limit: part("limit", threshold.limit),
  };
  return <Fill text={threshold.value === null ? unknown : text} {...parts} />;
};

/** Why it fires, from the figures that the alert carries: both windows, then the budget. */
export const WhyWords = ({ alert, view }: Props<AlertResource>) => (
  <>
    {alert.kind === "threshold" ? (
      <Threshold alert={alert} view={view} />
    ) : (
      <>
        <Failed alert={alert} name="long" view={view} /> <Failed alert={alert} name="short" view={view} />{" "}
        {alert.state === "firing" ? <Budget alert={alert} view={view} /> : null}
      </>
    )}
    {alert.hasData ? null : ` ${view.words.oncall.noData}`}
  </>
);
