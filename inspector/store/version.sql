-- Whether anything new is known of a call. Parameters: tenant, call. One row.
SELECT
    (SELECT max(revision) FROM call_summary WHERE tenant_id = {tenant:String} AND call_id = {call:String}) AS summary,
    (SELECT sum(revision) FROM incident FINAL WHERE tenant_id = {tenant:String} AND call_id = {call:String}) AS incidents,
    (SELECT sum(revision) FROM decision FINAL WHERE tenant_id = {tenant:String} AND call_id = {call:String}) AS decisions,
    (SELECT max(revision) FROM receiver_minute WHERE tenant_id = {tenant:String} AND call_id = {call:String}) AS scored
