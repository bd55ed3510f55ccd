-- Who owns a row of the configuration: the file, or people who made it by API or on a page. An apply of the file touches
-- its own rows only, and nobody else touches those.

alter table services add column managed_by text not null default 'file' check (managed_by in ('file', 'ui'));
alter table probes add column managed_by text not null default 'file' check (managed_by in ('file', 'ui'));
alter table slos add column managed_by text not null default 'file' check (managed_by in ('file', 'ui'));

-- Who made a version, as the audit log names them, and what it changed: ids by table, added, changed, revived and retired.
alter table config_versions add column actor text not null default 'config' check (actor <> '');
alter table config_versions add column changes jsonb not null default '{}';
