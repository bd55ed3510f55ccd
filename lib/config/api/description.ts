import type { DocumentArgs, OpenApiDocument } from "#lib/contracts/openapi.ts";
import { openApiDocument } from "#lib/contracts/openapi.ts";
import { apiSections } from "./sections.ts";

/** The OpenAPI document that is served: with bodies of services, probes and SLOs as the schema of the file has them. */
export const apiDescription = (args: DocumentArgs): OpenApiDocument =>
  openApiDocument({ ...args, sections: apiSections() });
