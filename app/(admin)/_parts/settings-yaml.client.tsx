"use client";

import type { SyntheticEvent } from "react";
import { useState } from "react";
import { readText } from "./call-api.ts";

type Props = {
  /** Of the session API: answers with text. */
  readonly path: string;
  readonly title: string;
  readonly note: string;
  readonly working: string;
  readonly offline: string;
};

/** A long text that is fetched when somebody opens it. */
export const TextOnDemand = ({ path, title, note, working, offline }: Props) => {
  const [text, setText] = useState<string | null>(null);

  const load = async (event: SyntheticEvent<HTMLDetailsElement>): Promise<void> => {
    if (!event.currentTarget.open || (text !== null && text !== offline)) return;
    setText((await readText(path)) ?? offline);
  };

  return (
    <details className="fold" onToggle={(event) => void load(event)}>
      <summary>{title}</summary>
      <p className="small soft">{note}</p>
      <pre className="document code" tabIndex={0} role="group" aria-label={title}>
        <code>{text ?? working}</code>
      </pre>
    </details>
  );
};
