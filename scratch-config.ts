import { readFileSync } from "node:fs";
import { loadConfig } from "#lib/config/load-config.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
const env={ONCALL_SECRET:"whsec_"+Buffer.alloc(32,7).toString("base64")};
for (const f of process.argv.slice(2)) { const t=performance.now(); const r=loadConfig({bytes:readFileSync(f),env,judgeUrl}); console.log(f,Math.round(performance.now()-t)+"ms",JSON.stringify(r,null,1).slice(0,6000)); }
