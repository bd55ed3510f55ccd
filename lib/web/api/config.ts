import { changeConfigured, createConfigured, removeConfigured } from "#lib/commands/config/change-config.ts";
import { exportYaml } from "#lib/commands/config/export-yaml.ts";
import { planFile } from "#lib/commands/config/plan-file.ts";
import type { ConfigWorld } from "#lib/commands/config/write-draft.ts";
import { processEnvironment } from "#lib/config/env.ts";
import type { CONFIG_OPERATIONS } from "#lib/contracts/operations/config.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { getConfig, listConfigVersions, writtenProbe, writtenService, writtenSlo } from "#lib/read/config.ts";
import type { HandlersOf, WriteContext } from "./types.ts";

const worldOf = ({ tx, now, actor, secretBox }: WriteContext): ConfigWorld => ({
  tx,
  now,
  actor,
  secretBox,
  judgeUrl,
  env: processEnvironment(),
});

export const configHandlers: HandlersOf<typeof CONFIG_OPERATIONS> = {
  createService: async (context, { body }) => {
    const id = await createConfigured(worldOf(context), "service", body);
    return { body: await writtenService(context.tx, id), location: `/v1/services/${id}` };
  },
  changeService: async (context, { params, body }) => {
    await changeConfigured(worldOf(context), "service", params.id, body);
    return { body: await writtenService(context.tx, params.id) };
  },
  removeService: async (context, { params }) => {
    await removeConfigured(worldOf(context), "service", params.id);
    return { body: null };
  },
  createProbe: async (context, { body }) => {
    const id = await createConfigured(worldOf(context), "probe", body);
    return { body: await writtenProbe(context.tx, id), location: `/v1/probes/${id}` };
  },
  changeProbe: async (context, { params, body }) => {
    await changeConfigured(worldOf(context), "probe", params.id, body);
    return { body: await writtenProbe(context.tx, params.id) };
  },
  removeProbe: async (context, { params }) => {
    await removeConfigured(worldOf(context), "probe", params.id);
    return { body: null };
  },
  createSlo: async (context, { body }) => {
    const id = await createConfigured(worldOf(context), "slo", body);
    return { body: await writtenSlo(context.tx, id, context.now), location: `/v1/slos/${id}` };
  },
  changeSlo: async (context, { params, body }) => {
    await changeConfigured(worldOf(context), "slo", params.id, body);
    return { body: await writtenSlo(context.tx, params.id, context.now) };
  },
  removeSlo: async (context, { params }) => {
    await removeConfigured(worldOf(context), "slo", params.id);
    return { body: null };
  },
  getConfig: async ({ database }) => ({ body: await getConfig(database) }),
  getConfigYaml: async ({ database, secretBox }) => {
    const { text } = await database.read((db) => exportYaml(db, secretBox), { deadlineMs: 10_000 });
    return { body: null, file: { contentType: "application/yaml; charset=utf-8", body: text, name: null } };
  },
  getConfigPlan: async ({ database, secretBox, clock, configFile: file = null }) => ({
    body: await planFile(database, { file, secretBox, clock }),
  }),
  listConfigVersions: async ({ database }, { query }) => ({ body: await listConfigVersions(database, query) }),
};
