// The load that the API has to bear. k6 run docs/load/k6.js
// BASE_URL names the server (http://localhost:3000 without it), NINES_KEY a key of the API, when one is to be sent.
// Start the server with NINES_RATE_LIMIT=off: all callers come from one address. Without k6: nines bench load

import { check, sleep } from "k6";
import http from "k6/http";

const BASE_URL = __ENV.BASE_URL || "http://localhost:3000";
const PATHS = ["/v1/services", "/v1/slos", "/v1/alerts", "/v1/meta"];
const HEADERS = __ENV.NINES_KEY ? { Authorization: `Bearer ${__ENV.NINES_KEY}` } : {};

export const options = {
  stages: [
    { duration: "30s", target: 50 },
    { duration: "2m", target: 50 },
    { duration: "30s", target: 200 },
    { duration: "1m", target: 200 },
    { duration: "30s", target: 0 },
  ],
  thresholds: {
    http_req_duration: ["p(95)<500"],
    http_req_failed: ["rate<0.01"],
  },
};

export default function () {
  const path = PATHS[__ITER % PATHS.length];
  const answer = http.get(`${BASE_URL}${path}`, { headers: HEADERS, tags: { name: path } });
  check(answer, { "status is 200": ({ status }) => status === 200 });
  sleep(1);
}
