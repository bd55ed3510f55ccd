"use client";

import { useState } from "react";
import type { ProbeTrialResource } from "#lib/contracts/probes.ts";
import { traceLink } from "#lib/core/trace-link.ts";
import type { Answer } from "./call-api.ts";
import { callApi } from "./call-api.ts";

export type RunNowWords = {
  readonly submit: string;
  readonly working: string;
  readonly phases: string;
  readonly failures: string;
  readonly parts: string;
  readonly openTrace: string;
  readonly total: string;
  readonly failed: string;
  readonly offline: string;
  readonly milliseconds: string;
  readonly locale: string;
  readonly classes: Readonly<Record<ProbeTrialResource["class"], string>>;
  readonly phaseNames: Readonly<Record<keyof ProbeTrialResource["phasesMs"], string>>;
};

const GLYPHS = { good: "ok", bad: "major", none: "none" } as const;

const Mark = ({ trial, words }: { trial: Pick<ProbeTrialResource, "vote" | "class">; words: RunNowWords }) => (
  <span className={`state ${GLYPHS[trial.vote]}`}>
    <svg className="glyph" aria-hidden="true">
      <use href={`#g-${GLYPHS[trial.vote]}`} />
    </svg>
    {words.classes[trial.class]}
  </span>
);

type ResultProps = { trial: ProbeTrialResource; words: RunNowWords; traceUrl: string | null };

const Result = ({ trial, words, traceUrl }: ResultProps) => {
  const trace = traceLink(traceUrl, trial.traceId);
  const number = new Intl.NumberFormat(words.locale, { maximumSignificantDigits: 3 });
  const took = (ms: number): string => words.milliseconds.replace("{number}", number.format(ms));
  const phases = Object.entries(trial.phasesMs).flatMap(([name, ms]) =>
    ms === null ? [] : [{ name: words.phaseNames[name as keyof typeof words.phaseNames], ms }],
  );
  return (
    <div className="trial">
      <p>
        <Mark trial={trial} words={words} /> {took(trial.durationMs)}
        {trial.httpStatus === null ? null : ` · ${trial.httpStatus}`}
        {trial.detail === null ? null : <span className="break"> · {trial.detail}</span>}
      </p>
      {phases.length === 0 ? null : (
        <p className="small soft">
          {words.phases}: {phases.map(({ name, ms }) => `${name} ${took(ms)}`).join(" · ")}
        </p>
      )}
      {trial.failures.length === 0 ? null : <h3>{words.failures}</h3>}
      {trial.failures.map(({ assertion, expected, seen }, index) => (
        <div className="failure" key={index}>
          <b>{assertion}</b> <span className="soft">{expected}</span>
          <pre tabIndex={0}>{seen}</pre>
        </div>
      ))}
      {trial.parts.length === 0 ? null : <h3>{words.parts}</h3>}
      <ul>
        {trial.parts.map((part) => (
          <li key={part.key}>
            <Mark trial={part} words={words} /> {part.name} {took(part.durationMs)}
            {part.detail === null ? null : <span className="soft break"> · {part.detail}</span>}
          </li>
        ))}
      </ul>
      <p className="small soft break">
        {trial.address}{" "}
        {trial.traceId === null ? null : trace === null ? (
          <code>{trial.traceId}</code>
        ) : (
          <a href={trace} rel="noreferrer" target="_blank">
            {words.openTrace} <code>{trial.traceId}</code>
          </a>
        )}
      </p>
    </div>
  );
};

const faultOf = (answer: Answer, words: RunNowWords): string =>
  answer.kind === "refused" ? words.failed.replace("{detail}", answer.detail) : words.offline;

/** The button that runs a probe once, and what the run saw. */
export const ProbeRunNow = ({
  path,
  words,
  traceUrl,
}: {
  path: string;
  words: RunNowWords;
  traceUrl: string | null;
}) => {
  const [isRunning, setRunning] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const run = async (): Promise<void> => {
    if (isRunning) return;
    setRunning(true);
    setAnswer(null);
    setAnswer(await callApi("POST", path));
    setRunning(false);
  };
  return (
    <div className="action">
      <button type="button" aria-disabled={isRunning} onClick={() => void run()}>
        {isRunning ? words.working : words.submit}
      </button>
      <div role="status">
        {answer === null ? null : answer.kind === "done" ? (
          <Result trial={answer.body as ProbeTrialResource} words={words} traceUrl={traceUrl} />
        ) : (
          <p className="fault">{faultOf(answer, words)}</p>
        )}
      </div>
    </div>
  );
};
