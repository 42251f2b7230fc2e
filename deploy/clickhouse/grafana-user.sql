-- The user that Grafana reads with, for a ClickHouse whose users are made by SQL (on a cluster add ON CLUSTER).
-- Run once as a user with access management; put a password of your own in the place of CHANGE_ME.
-- Reads: nothing. Writes: a settings profile, a role and a user. The bounds are those of users.d/grafana.xml.
CREATE SETTINGS PROFILE IF NOT EXISTS callscope_reader SETTINGS
    readonly = 2,
    max_execution_time = 30 MIN 1 MAX 30,
    max_rows_to_read = 500000000 READONLY,
    max_bytes_to_read = 50000000000 READONLY,
    max_result_rows = 1000000 READONLY,
    max_memory_usage = 1000000000 READONLY,
    max_threads = 4 READONLY,
    max_concurrent_queries_for_user = 60 READONLY,
    cancel_http_readonly_queries_on_client_close = 1;

CREATE ROLE IF NOT EXISTS callscope_reader;

GRANT SELECT ON callscope.* TO callscope_reader;

CREATE USER IF NOT EXISTS grafana IDENTIFIED WITH sha256_password BY 'CHANGE_ME'
    DEFAULT ROLE callscope_reader SETTINGS PROFILE 'callscope_reader';

GRANT callscope_reader TO grafana;

-- Where a Grafana organisation may see one tenant only, make a user for it and bind its rows, e.g.:
-- CREATE ROW POLICY IF NOT EXISTS acme ON callscope.* USING tenant_id = 'acme' TO grafana_acme;
