const OFFSET = 14_695_981_039_346_656_037n;
const PRIME = 1_099_511_628_211n;
const MASK = 0xffff_ffff_ffff_ffffn;
const SEPARATOR = 0xff;

const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/**
 * The fingerprint of a label set as Prometheus and Alertmanager work it out: FNV-1a in 64 bits over names and values in
 * UTF-8, sorted by name, each followed by the byte 0xff. 16 hex digits.
 */
export const fingerprintOf = (labels: Readonly<Record<string, string>>): string => {
  const encoder = new TextEncoder();
  const pairs = Object.entries(labels)
    .map(([name, value]) => [encoder.encode(name), encoder.encode(value)] as const)
    .sort(([a], [b]) => compareBytes(a, b));
  let hash = OFFSET;
  const add = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  for (const part of pairs.flat()) {
    for (const byte of part) add(byte);
    add(SEPARATOR);
  }
  return hash.toString(16).padStart(16, "0");
};
