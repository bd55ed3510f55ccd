/** Settles as `work` does, or rejects with what `onLate` returns when `deadlineMs` pass first. */
export const withinDeadline = async <T>(work: Promise<T>, deadlineMs: number, onLate: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onLate()), deadlineMs);
  });
  // Work that loses the race may still fail; that failure has been told already.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
