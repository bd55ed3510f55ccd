-- Credentials of PromQL sources leave `slos.definition` and `services.threshold_alerts`, where "[hidden]" takes their place,
-- and stand here as those of probes do: AES-256-GCM under NINES_SECRET_KEY, the row's id authenticated with it. Null: there
-- are none, or an older release wrote the row, in clear; the next apply seals it.
alter table slos add column secrets_ciphertext text;
alter table services add column secrets_ciphertext text;

-- Past definitions need no credential. False: written by an older release, and not looked through yet.
alter table slo_versions add column is_without_secrets boolean not null default false;
create index slo_versions_with_secrets on slo_versions (slo_id) where not is_without_secrets;
