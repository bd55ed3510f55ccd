"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { isReachable } from "./call-api.ts";

type Props = {
  readonly live: string;
  /** With `{age}`, how long ago the page heard of the server last. */
  readonly reconnecting: string;
  readonly locale: string;
  /** The instant of the rendering: a new one says that the server answered. */
  readonly asOf: string;
};

/** Several events of one minute make one look. */
const GATHER_MS = 500;
/** For networks on which no stream survives. */
const POLL_MS = 15_000;
const TICK_MS = 5_000;
const MINUTE_MS = 60_000;
const EVENTS = ["alert", "incident", "state", "event"];

const ageText = (ms: number, locale: string): string => {
  const [unit, length] = ms < MINUTE_MS ? (["second", 1_000] as const) : (["minute", MINUTE_MS] as const);
  const number = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  return number.format(Math.max(0, Math.floor(ms / length)));
};

type Listener = { readonly onLook: () => void; readonly onConnected: (isConnected: boolean) => void };

/** Follows the stream of events. One that the server or a proxy ended for good is opened anew. Returns what ends it. */
const follow = ({ onLook, onConnected }: Listener): (() => void) => {
  let source: EventSource | null = null;
  let gathering: ReturnType<typeof setTimeout> | null = null;
  let wasLost = false;
  const look = (): void => {
    gathering ??= setTimeout(() => {
      gathering = null;
      onLook();
    }, GATHER_MS);
  };
  const open = (): void => {
    source = new EventSource("/admin/api/v1/live");
    source.onopen = () => {
      onConnected(true);
      // What happened meanwhile may have been told to nobody.
      if (wasLost) look();
      wasLost = false;
    };
    source.onerror = () => {
      wasLost = true;
      onConnected(false);
    };
    source.onmessage = look;
    for (const name of EVENTS) source.addEventListener(name, look);
  };
  const poll = setInterval(() => {
    if (source?.readyState === EventSource.OPEN) return;
    if (source?.readyState === EventSource.CLOSED) open();
    look();
  }, POLL_MS);
  const onOffline = (): void => {
    wasLost = true;
    onConnected(false);
  };
  const onOnline = (): void => {
    source?.close();
    open();
  };
  window.addEventListener("offline", onOffline);
  window.addEventListener("online", onOnline);
  open();
  return () => {
    source?.close();
    clearInterval(poll);
    if (gathering !== null) clearTimeout(gathering);
    window.removeEventListener("offline", onOffline);
    window.removeEventListener("online", onOnline);
  };
};

/** Shows the page anew when something happens, and says how old it is while it cannot know. */
export const LiveRefresh = ({ live, reconnecting, locale, asOf }: Props) => {
  const router = useRouter();
  const [isConnected, setConnected] = useState<boolean | null>(null);
  const [ageMs, setAge] = useState(0);
  const heardAt = useRef(0);
  useEffect(() => {
    heardAt.current = performance.now();
    setAge(0);
  }, [asOf]);
  useEffect(() => {
    const tick = setInterval(() => setAge(performance.now() - heardAt.current), TICK_MS);
    const onLook = async (): Promise<void> => {
      // A refresh that fails leaves for the browser's own page, and what stands here would be gone.
      if (await isReachable()) router.refresh();
      else setConnected(false);
    };
    const end = follow({ onLook: () => void onLook(), onConnected: setConnected });
    return () => {
      end();
      clearInterval(tick);
    };
  }, [router]);
  if (isConnected === false)
    return (
      <p className="live lost" role="status">
        {reconnecting.replace("{age}", ageText(ageMs, locale))}
      </p>
    );
  return (
    <p className="small soft live" role="status">
      {isConnected === null ? "" : live}
    </p>
  );
};
