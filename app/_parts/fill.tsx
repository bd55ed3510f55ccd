import type { ReactNode } from "react";
import { Fragment } from "react";

/** Replaces each `{name}` of a text by a node: `<time>` elements and links inside translated sentences. */
export const Fill = ({ text, ...values }: { text: string } & Record<string, ReactNode>) => (
  <>
    {text.split(/(\{\w+\})/).map((piece, index) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1];
      return <Fragment key={index}>{name === undefined ? piece : values[name]}</Fragment>;
    })}
  </>
);
