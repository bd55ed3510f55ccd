import type { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";
import type { ServiceRow, SloRow } from "./config.ts";
import type { KeysetColumn, KeysetPage, ListOrder, SortColumns } from "./keyset.ts";
import { columnsOf, containing, inOrder, millisOf, pageCondition, pageEnd, placeText } from "./keyset.ts";

// Services, objectives and locations a page at a time: what is not shown is not read.

export type ListFilter = { readonly q?: string | undefined; readonly createdAfter?: EpochMs | undefined };
export type Placed<Row> = Row & { readonly place: string };

type Column = Omit<KeysetColumn, "isDescending">;
const up = (column: Column): KeysetColumn => ({ ...column, isDescending: false });

/** In the order of the file without `order`. A configuration is at most some thousand rows: any order is a sort of them. */
const ordered = <Field extends string>(
  order: ListOrder | undefined,
  known: SortColumns<Field | "id">,
  position: Column,
): KeysetColumn[] =>
  order === undefined ? [up(position), up(known.id)] : columnsOf<Field | "id">(order, known, up(known.id));

/** The columns that a list of services is ordered by, and continued after. */
export const serviceColumns = (db: Db, order: ListOrder | undefined): KeysetColumn[] => {
  const known: SortColumns<(typeof SORT_FIELDS)["services"][number]> = {
    id: { expression: db`s.id`, type: "text" },
    name: { expression: db`s.name`, type: "text" },
    createdAt: { expression: millisOf(db, db`s.created_at`), type: "int8" },
    updatedAt: { expression: millisOf(db, db`s.updated_at`), type: "int8" },
  };
  return ordered(order, known, { expression: db`s.position`, type: "int8" });
};

const serviceFilter = (db: Db, { q, createdAfter }: ListFilter) => db`
  s.retired_at is null
  ${createdAfter === undefined ? db`` : db`and s.created_at > ${new Date(createdAfter)}`}
  ${
    q === undefined
      ? db``
      : db`and (lower(s.id) like ${containing(q)} or lower(s.name) like ${containing(q)} or lower(s.description) like ${containing(q)})`
  }`;

/** One page of the services in force. */
export const readServicePage = async (
  db: Db,
  { filter, columns, page }: { filter: ListFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<Placed<ServiceRow>[]> => {
  const rows = await db<(Omit<Placed<ServiceRow>, "createdAt" | "updatedAt"> & { createdAt: Date; updatedAt: Date })[]>`
    select s.id, s.name, s.description, s.group_name as "group", s.position, s.managed_by as "managedBy", s.created_at as "createdAt",
           s.updated_at as "updatedAt", ${placeText(db, columns)} as place
      from services s
     where ${serviceFilter(db, filter)} ${pageCondition(db, columns, page)}
     ${pageEnd(db, columns, page)}`;
  return inOrder(rows, page).map((row) => ({
    ...row,
    createdAt: epochMs(row.createdAt.getTime()),
    updatedAt: epochMs(row.updatedAt.getTime()),
  }));
};

/** How many services in use a filter takes. */
export const countServices = async (db: Db, filter: ListFilter): Promise<number> => {
  const rows = await db<{ n: number }[]>`select count(*)::int4 as n from services s where ${serviceFilter(db, filter)}`;
  return rows[0]?.n ?? 0;
};

type SloFilter = ListFilter & { readonly serviceId?: string | undefined };

/** The columns that a list of SLOs is ordered by, and continued after. */
export const sloColumns = (db: Db, order: ListOrder | undefined): KeysetColumn[] => {
  const known: SortColumns<(typeof SORT_FIELDS)["slos"][number]> = {
    id: { expression: db`o.id`, type: "text" },
    serviceId: { expression: db`o.service_id`, type: "text" },
    createdAt: { expression: millisOf(db, db`o.created_at`), type: "int8" },
    updatedAt: { expression: millisOf(db, db`v.active_from`), type: "int8" },
  };
  return ordered(order, known, { expression: db`o.position`, type: "int8" });
};

const sloFilter = (db: Db, { q, createdAfter, serviceId }: SloFilter) => db`
  o.retired_at is null
  ${serviceId === undefined ? db`` : db`and o.service_id = ${serviceId}`}
  ${createdAfter === undefined ? db`` : db`and o.created_at > ${new Date(createdAfter)}`}
  ${q === undefined ? db`` : db`and (lower(o.id) like ${containing(q)} or lower(o.service_id) like ${containing(q)})`}`;

/** One page of the objectives in force. */
export const readSloPage = async (
  db: Db,
  { filter, columns, page }: { filter: SloFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<Placed<SloRow>[]> => {
  const rows = await db<
    {
      id: string;
      serviceId: string;
      version: number;
      definition: string;
      activeFrom: Date;
      managedBy: "file" | "ui";
      createdAt: Date;
      place: string;
    }[]
  >`
    select o.id, o.service_id as "serviceId", o.version, o.definition::text as definition, v.active_from as "activeFrom",
           o.managed_by as "managedBy", o.created_at as "createdAt", ${placeText(db, columns)} as place
      from slos o join slo_versions v on v.slo_id = o.id and v.version = o.version
     where ${sloFilter(db, filter)} ${pageCondition(db, columns, page)}
     ${pageEnd(db, columns, page)}`;
  return inOrder(rows, page).map((row) => ({
    ...row,
    definition: JSON.parse(row.definition) as SloDefinition,
    activeFrom: epochMs(row.activeFrom.getTime()),
    createdAt: epochMs(row.createdAt.getTime()),
  }));
};

/** How many SLOs in use a filter takes. */
export const countSlos = async (db: Db, filter: SloFilter): Promise<number> => {
  const rows = await db<{ n: number }[]>`select count(*)::int4 as n from slos o where ${sloFilter(db, filter)}`;
  return rows[0]?.n ?? 0;
};

/** Locations in force in the order of the file, with how many probes run from each. A few dozen at most. */
export const readLocationList = (db: Db): Promise<{ id: string; name: string; probeCount: number }[]> =>
  db<{ id: string; name: string; probeCount: number }[]>`
    select l.id, l.name,
           (select count(*)::int4 from probes p where p.retired_at is null and p.definition -> 'locations' ? l.id) as "probeCount"
      from locations l where l.retired_at is null order by l.position, l.id`.then((rows) => [...rows]);
