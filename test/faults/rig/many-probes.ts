/** A configuration of `count` equal probes of 1 s against one target that is allowed, and an SLO on the first. */
export const manyProbes = ({ count, url, name = "Faults" }: { count: number; url: string; name?: string }): string => `
version: 1
page: { name: ${name}, time_zone: Etc/UTC, languages: [en] }
egress: { allow: [127.0.0.0/8] }
locations: [{ id: here, name: Here }]
services:
  - id: shop
    name: Shop
    probes:
${Array.from({ length: count }, (_, i) => `      - { id: probe-${i}, type: http, url: "${url}", interval: 1s, timeout: 900ms, locations: [here] }`).join("\n")}
    slos:
      - { id: shop-availability, sli: availability, probes: [probe-0], objective: 99, window: 28d }
`;
