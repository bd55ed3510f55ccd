"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";

type Props = { readonly live: string; readonly reconnecting: string };

/** Several events of one minute make one look. */
const GATHER_MS = 500;
/** For networks on which no stream survives. */
const POLL_MS = 15_000;

/** Shows the page anew when something happens, and says when it cannot know. */
export const LiveRefresh = ({ live, reconnecting }: Props) => {
  const router = useRouter();
  const [isConnected, setConnected] = useState<boolean | null>(null);
  useEffect(() => {
    const source = new EventSource("/admin/api/v1/live");
    let gathering: ReturnType<typeof setTimeout> | null = null;
    const look = (): void => {
      gathering ??= setTimeout(() => {
        gathering = null;
        router.refresh();
      }, GATHER_MS);
    };
    const poll = setInterval(() => {
      if (source.readyState !== EventSource.OPEN) look();
    }, POLL_MS);
    source.onopen = () => setConnected(true);
    source.onerror = () => setConnected(false);
    source.onmessage = look;
    for (const name of ["alert", "incident", "state", "event"]) source.addEventListener(name, look);
    return () => {
      source.close();
      clearInterval(poll);
      if (gathering !== null) clearTimeout(gathering);
    };
  }, [router]);
  return (
    <p className="small soft live" role="status">
      {isConnected === null ? "" : isConnected ? live : reconnecting}
    </p>
  );
};
