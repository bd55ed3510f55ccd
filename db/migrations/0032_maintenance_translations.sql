-- Texts of planned work in other languages: by language, title and body of the work, message of what is said of it.

alter table maintenances add column translations jsonb not null default '{}';
alter table maintenance_updates add column translations jsonb not null default '{}';
