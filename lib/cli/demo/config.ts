import type { DemoPorts } from "#lib/cli/demo/targets.ts";

/** The demonstration's configuration: an ordinary file, kept in the data folder, that shows one of each. */
export const demoConfig = (
  ports: DemoPorts,
  secret: string,
): string => `# Made by "nines start" because no configuration was found. It is written anew at every start.
# Your own: copy nines.example.yaml to nines.yaml, change it, and start again.
version: 1
sandbox: true
page: { name: Demo Shop, time_zone: Etc/UTC, languages: [en, ko, ru] }
egress: { allow: [127.0.0.1/32] }
locations:
  - { id: here, name: This machine }
services:
  - id: demo-catalogue
    name: Demo catalogue
    description: A small local server that always answers.
    group: Shop
    probes:
      - id: demo-catalogue-http
        type: http
        url: http://127.0.0.1:${ports.catalogue}/health
        interval: 2s
        timeout: 1s
        locations: [here]
        assertions: [{ type: json_path, path: $.status, op: eq, value: ok }]
    slos:
      - { id: demo-catalogue-availability, sli: availability, probes: [demo-catalogue-http], objective: 99.9, window: 28d }
  - id: demo-search
    name: Demo search
    description: Slow in the first 20 seconds of every second minute, on purpose.
    group: Shop
    probes:
      - id: demo-search-http
        type: http
        url: http://127.0.0.1:${ports.search}/health
        interval: 2s
        timeout: 1s
        locations: [here]
    slos:
      - { id: demo-search-availability, sli: availability, probes: [demo-search-http], objective: 99.9, window: 28d }
      - { id: demo-search-latency, sli: latency, threshold: 300ms, probes: [demo-search-http], objective: 95, window: 28d }
  - id: demo-payments
    name: Demo payments
    description: Fails in the first minute of every five, on purpose.
    group: Money
    probes:
      - id: demo-payments-http
        type: http
        url: http://127.0.0.1:${ports.payments}/health
        interval: 2s
        timeout: 1s
        locations: [here]
    slos:
      - { id: demo-payments-availability, sli: availability, probes: [demo-payments-http], objective: 99, window: 28d }
notifications:
  - id: demo-on-call
    type: webhook
    url: http://127.0.0.1:${ports.receiver}/alerts
    secret: ${secret}
    events: [alert.firing, alert.resolved]
`;
