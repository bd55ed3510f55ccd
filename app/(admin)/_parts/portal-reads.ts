import { shownEndpoint } from "#lib/commands/endpoints/endpoint-facts.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import type { DeliveryStateName } from "#lib/contracts/deliveries.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { AppError } from "#lib/core/errors.ts";
import { listDeliveries } from "#lib/read/deliveries.ts";
import { getEndpoint, listEndpoints } from "#lib/read/endpoints.ts";
import { getMeta } from "#lib/read/meta.ts";
import type { Paging } from "#lib/read/pagination.ts";
import { loadServices } from "#lib/read/services.ts";
import { getWebContext } from "#lib/read/web-context.ts";

// The reads behind /v1/endpoints, /v1/deliveries, /v1/services and /v1/meta, as pages call them.

const MOST_ENDPOINTS = 1_000;

/** Opens what is sealed for pages. @throws AppError SECRET_KEY_INVALID when this process has no key. */
export const pageBox = () => {
  const { secretBox } = getWebContext();
  if (secretBox === undefined) throw new AppError("SECRET_KEY_INVALID", "pages have no key to open what is stored");
  return secretBox;
};

/** All endpoints in use, in the order of their ids. */
export const pageEndpoints = async (): Promise<EndpointResource[]> => {
  const { database, clock } = getWebContext();
  const box = pageBox();
  const show = (row: Parameters<typeof shownEndpoint>[1]) => shownEndpoint(box, row, clock.now());
  return (await listEndpoints(database, { limit: MOST_ENDPOINTS }, show)).data;
};

/** @throws AppError NOT_FOUND */
export const pageEndpoint = (id: string): Promise<EndpointResource> => {
  const { database, clock } = getWebContext();
  return getEndpoint(database, id, (row) => shownEndpoint(pageBox(), row, clock.now()));
};

/** Deliveries of one endpoint, the newest first. */
export const pageDeliveries = (endpoint: string, state: DeliveryStateName | undefined, paging: Paging) =>
  listDeliveries(getWebContext().database, { ...paging, endpoint, event: null, state: state ?? null });

/** Addresses that deliveries come from, as /v1/meta publishes them. */
export const pageSourceAddresses = async (): Promise<readonly string[]> => {
  const { database, clock, snapshot } = getWebContext();
  const meta = await getMeta(database, { snapshot: snapshot(), version: "", now: clock.now(), rateLimit: null });
  return meta.sourceAddresses;
};

/** All services in the order of the public page. */
export const pageServices = (): Promise<ServiceResource[]> => {
  const { database, snapshot } = getWebContext();
  return loadServices(database, snapshot());
};
