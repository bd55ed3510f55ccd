import { AppError } from "#lib/core/errors.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

const LOOPBACK: AllowList = ["localhost", "127.0.0.0/8", "::1/128"];

/** Where the server is, and what may be connected to for its sake: it was named by whoever started the agent. */
export type ServerAddress = {
  /** Without a trailing slash. */
  readonly base: string;
  readonly allow: AllowList;
};

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

/** Whether a URL would be refused but for these entries. */
const isOpenedBy = (url: string, allow: AllowList): boolean => {
  const { verdict, reason } = judgeUrl(url, allow);
  return verdict === "allow" && reason === "allowed by egress.allow";
};

/**
 * Reads `--server`. Definitions of probes, with their secrets, travel over this connection: it must be https, unless the
 * server is on this machine or in a network or under a name that `--allow` opens.
 * @throws AppError USAGE, with the cure.
 */
export const readServerAddress = (text: string, allow: AllowList): ServerAddress => {
  const url = URL.parse(text);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === null || !isWeb || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new AppError("USAGE", "--server must be an address such as https://status.example.com");
  const base = url.href.replace(/\/+$/, "");
  if (url.protocol === "https:") return { base, allow: [...allow, ...LOOPBACK, hostOf(url)] };
  const opened = [...allow, ...LOOPBACK];
  if (!isOpenedBy(base, opened))
    throw new AppError(
      "USAGE",
      "--server must use https: secrets of probes travel over it. Plain http is for this machine, and for what --allow names",
    );
  return { base, allow: opened };
};
