-- One text for SQLite and PostgreSQL: BIGINT for every number, 0 or 1 for yes and no, milliseconds since 1970.

-- One row. It grows with every change of tenants, keys and admins, and whoever changes them locks it first.
CREATE TABLE edition (number BIGINT NOT NULL);
INSERT INTO edition (number) VALUES (0);

CREATE TABLE tenants (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  settings TEXT NOT NULL,
  disabled BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);

CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT REFERENCES tenants (id),
  name TEXT NOT NULL,
  shown TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  -- After a rotation the one before is good for a while.
  old_hash TEXT UNIQUE,
  old_until_ms BIGINT,
  settings TEXT NOT NULL,
  expires_ms BIGINT,
  disabled BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX keys_name ON keys (COALESCE(tenant, ''), name);

CREATE TABLE admins (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  disabled BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);

CREATE TABLE audit (
  edition BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  details TEXT NOT NULL
);

-- How far each spool has been taken in.
CREATE TABLE spools (
  name TEXT NOT NULL PRIMARY KEY,
  upto BIGINT NOT NULL
);

-- Entries, packed: of a batch, which a spool held before the byte `upto`, those of one hour.
CREATE TABLE pages (
  spool TEXT NOT NULL,
  upto BIGINT NOT NULL,
  -- Times of its oldest and its newest entry.
  first_ms BIGINT NOT NULL,
  last_ms BIGINT NOT NULL,
  count BIGINT NOT NULL,
  has_users BIGINT NOT NULL,
  -- Ids between spaces. None: too many to list.
  tenants TEXT,
  keys TEXT,
  body BLOB NOT NULL,
  PRIMARY KEY (spool, upto, first_ms)
);
CREATE INDEX pages_at ON pages (last_ms, spool, upto, first_ms);

-- Sums of the entries of one hour.
CREATE TABLE hours (
  at BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  key_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  model_asked TEXT NOT NULL,
  requests BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  hits BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  input BIGINT NOT NULL,
  cached BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  output BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  latency_us BIGINT NOT NULL,
  ttft_us BIGINT NOT NULL,
  ttft_count BIGINT NOT NULL,
  -- The first that counts against quotas.
  first_ms BIGINT,
  PRIMARY KEY (at, tenant, key_id, provider, model, model_asked)
);
CREATE INDEX hours_key ON hours (key_id, at);
CREATE INDEX hours_tenant ON hours (tenant, at);
CREATE INDEX hours_model ON hours (model_asked, at);

-- Sums of the entries of one day (UTC).
CREATE TABLE days (
  at BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  key_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  requests BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  hits BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  input BIGINT NOT NULL,
  cached BIGINT NOT NULL,
  cache_write BIGINT NOT NULL,
  output BIGINT NOT NULL,
  reasoning BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  latency_us BIGINT NOT NULL,
  ttft_us BIGINT NOT NULL,
  ttft_count BIGINT NOT NULL,
  PRIMARY KEY (at, tenant, key_id, provider, model)
);
CREATE INDEX days_tenant ON days (tenant, at);

-- Requests that are answered later. What is waiting or runs has `done_ms` 0.
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  key_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  state TEXT NOT NULL,
  target TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  -- From when on anybody may run it: when it is tried again, or the end of its runner's lease.
  due_ms BIGINT NOT NULL,
  runner TEXT NOT NULL,
  -- Runs that were begun, and those that ended with a broken connection.
  runs BIGINT NOT NULL,
  broken BIGINT NOT NULL,
  done_ms BIGINT NOT NULL,
  status BIGINT NOT NULL,
  error TEXT NOT NULL
);
CREATE INDEX jobs_due ON jobs (due_ms) WHERE done_ms = 0;
CREATE INDEX jobs_done ON jobs (done_ms) WHERE done_ms > 0;
CREATE INDEX jobs_key ON jobs (key_id);

-- The request and the answer of a job: rows of their own, so that a lease that is renewed does not write them again.
CREATE TABLE job_messages (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  part TEXT NOT NULL,
  head TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (job, part)
);
