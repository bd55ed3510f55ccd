-- Since when a part is as it is: the newest run that saw it otherwise is the newest of each other class, without walking over
-- all that saw the same, which for a part that has failed for weeks are a hundred thousand.
create index part_runs_by_class on part_runs (part_no, location_no, class, scheduled_at);

-- What lets somebody in (passwords, tokens, keys, secret headers) leaves `definition`, where "[hidden]" takes its place, and
-- stands here: AES-256-GCM under NINES_SECRET_KEY, the row's id authenticated with it (lib/commands/secret-box.ts). Null: the
-- definition has no such thing, or was written by an older release, in clear; the next apply seals it.
alter table probes add column secrets_ciphertext text;

-- What a heartbeat's token is found by. An older release writes the token into `definition` and does not know this column,
-- so it counts only where the token is hidden there.
alter table probes add column token_sha256 text check (token_sha256 ~ '^[0-9a-f]{64}$');

-- Past definitions need no secret. False: written by an older release, and not looked through yet.
alter table probe_versions add column is_without_secrets boolean not null default false;
create index probe_versions_with_secrets on probe_versions (probe_no) where not is_without_secrets;
