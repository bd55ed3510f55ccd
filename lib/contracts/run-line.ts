/** A raw run as an export writes it. Instants are ISO 8601; keys are a published format. */
export type RunToExport = {
  readonly probe: string;
  readonly location: string;
  readonly scheduledAt: string;
  readonly startedAt: string;
  readonly ingestedAt: string;
  readonly class: string;
  readonly vote: string;
  readonly durationUs: number;
  readonly dnsUs: number | null;
  readonly connectUs: number | null;
  readonly tlsUs: number | null;
  readonly firstByteUs: number | null;
  readonly transferUs: number | null;
  readonly bytesRead: number;
  readonly httpStatus: number | null;
  readonly detail: string | null;
  readonly address: string | null;
  readonly certificateExpiresAt: string | null;
  readonly traceId: string | null;
  readonly isLate: boolean;
};

/** One line of an export. The order of the keys is part of the format: digests are over these bytes. */
export const lineOfRun = (run: RunToExport): string => {
  const { probe, location, scheduledAt, vote, startedAt, ingestedAt, isLate } = run;
  const { durationUs, dnsUs, connectUs, tlsUs, firstByteUs, transferUs, bytesRead } = run;
  const { httpStatus, detail, address, certificateExpiresAt, traceId } = run;
  const phases = { durationUs, dnsUs, connectUs, tlsUs, firstByteUs, transferUs, bytesRead };
  const answer = { httpStatus, detail, address, certificateExpiresAt, traceId };
  const head = { probe, location, scheduledAt, class: run.class, vote };
  return `${JSON.stringify({ ...head, ...phases, ...answer, startedAt, ingestedAt, isLate })}\n`;
};
