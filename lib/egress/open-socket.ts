import type { Socket } from "node:net";
import { isIP } from "node:net";
import type { SecureContext } from "node:tls";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { hostOf } from "./judge-url.ts";

/** Opens a TCP connection to an address that was checked; a test may lead it elsewhere. */
export type ConnectTcp = (target: { host: string; port: number; autoSelectFamily: false; noDelay: true }) => Socket;

type OpenArgs = {
  readonly url: URL;
  /** Checked already. The connection goes here and nowhere else. */
  readonly address: string;
  readonly secureContext: SecureContext | null;
  readonly connectTcp: ConnectTcp;
  readonly http2: boolean;
};

/** Begins a connection for HTTP to one address, over TLS when there is a secure context. */
export const openSocket = ({ url, address, secureContext, connectTcp, http2 }: OpenArgs): Socket => {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const target = { host: address, port, autoSelectFamily: false, noDelay: true } as const;
  if (secureContext === null) return connectTcp(target);
  const host = hostOf(url);
  // An address is never sent as SNI; it is still compared with the certificate, as the host of the connection.
  const servername = isIP(host) === 0 ? host : "";
  return connectTls({ ...target, servername, secureContext, ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"] });
};

/** When the certificate of the peer ends; null without TLS. */
export const expiryOf = (socket: Socket): EpochMs | null => {
  if (!(socket instanceof TLSSocket)) return null;
  const at = socket.getPeerX509Certificate()?.validToDate.getTime();
  return at === undefined || Number.isNaN(at) ? null : epochMs(at);
};
