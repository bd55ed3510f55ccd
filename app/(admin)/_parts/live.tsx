import { LiveRefresh } from "./live-refresh.client.tsx";
import type { AdminView } from "./view.ts";

/** Keeps a page at the newest, and says so when it cannot. */
export const Live = ({ view }: { view: AdminView }) => (
  <LiveRefresh
    live={view.words.frame.live}
    reconnecting={view.words.frame.reconnecting}
    locale={view.format.words.locale}
    asOf={view.today}
  />
);
