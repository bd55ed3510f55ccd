import type { View } from "./view.ts";

/** "14:02", with the day when it was not today. */
export const Instant = ({ at, view }: { at: string; view: View }) => (
  <time dateTime={at}>{view.format.when(at, view.now)}</time>
);

/** The instant up to which the data goes. The page cache fills the tokens each time it serves fresher data. */
export const AsOf = () => <time dateTime="@@AS_OF_ISO@@">@@AS_OF_TEXT@@</time>;
