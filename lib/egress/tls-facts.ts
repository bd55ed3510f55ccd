import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { DetailedPeerCertificate } from "node:tls";
import { TLSSocket } from "node:tls";

/** What a handshake showed. Times are seconds since the epoch. */
export type HandshakeFacts = {
  /** "TLS 1.3" */
  readonly version: string;
  /** "TLS_AES_256_GCM_SHA384" */
  readonly cipher: string;
  /** The earliest end among the certificates of the chain. */
  readonly earliestExpiry: number;
  /** Hex in lower case. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  /** Names, with commas between them. */
  readonly names: string;
};

const MOST_LINKS = 10;

const chainOf = (leaf: DetailedPeerCertificate): DetailedPeerCertificate[] => {
  const chain: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next?.fingerprint256 !== undefined && chain.length < MOST_LINKS) {
    if (chain.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256)) break;
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
};

/** A name as RFC 2253 writes it: the last part first, with commas. */
const nameText = (lines: string | undefined): string => (lines ?? "").split("\n").reverse().join(",");

/** Facts of a connection whose handshake is over; null without TLS. */
export const handshakeFactsOf = (socket: Socket): HandshakeFacts | null => {
  if (!(socket instanceof TLSSocket)) return null;
  const leaf = socket.getPeerCertificate(true);
  if (leaf?.raw === undefined) return null;
  // Read from its bytes: the socket gives its certificate as an object once only, and others ask for it.
  const certificate = new X509Certificate(leaf.raw);
  const ends = chainOf(leaf).map(({ valid_to: end }) => Date.parse(end) / 1_000);
  const names = (certificate.subjectAltName ?? "").split(", ").flatMap((name) => /^DNS:(.*)$/.exec(name)?.[1] ?? []);
  return {
    version: (socket.getProtocol() ?? "").replace(/^TLSv/, "TLS "),
    cipher: socket.getCipher().standardName,
    earliestExpiry: Math.min(certificate.validToDate.getTime() / 1_000, ...ends),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    names: names.join(","),
  };
};
