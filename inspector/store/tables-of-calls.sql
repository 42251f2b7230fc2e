-- Tables that hold rows of calls, whoever made them: those with a tenant and a call. No parameters.
-- On a cluster these are the local ones; `cluster` is its name where a statement for all nodes can be given (there is
-- a Keeper), else '', and `whole` the table through which all shards are read.
WITH over AS (
    SELECT
        name,
        extract(engine_full, '^Distributed\\(\'(\\w+)\'') AS cluster,
        extract(engine_full, '^Distributed\\(\'\\w+\', \'\\w+\', \'(\\w+)\'') AS local
    FROM system.tables
    WHERE database = currentDatabase() AND engine = 'Distributed'
)
SELECT
    c.table AS table,
    if(any(t.engine) LIKE 'Replicated%', any(over.cluster), '') AS cluster,
    if(cluster = '', table, any(over.name)) AS whole,
    groupArrayIf(c.name, c.name IN ('participant_id', 'sender_id', 'receiver_id', 'subject_id')) AS participantColumns,
    groupArrayIf(c.name, c.type = 'String' AND c.name IN ('evidence', 'sentence', 'params', 'reason', 'outcome_evidence', 'body')) AS textColumns,
    groupArrayIf(c.name, c.type = 'Array(String)' AND c.name = 'affected') AS listColumns,
    groupArrayIf(c.name, c.type LIKE 'Map(%, String)' AND c.name = 'attributes') AS mapColumns
FROM system.columns AS c
INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
LEFT JOIN over ON over.local = c.table
WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree'
GROUP BY c.table
HAVING countIf(c.name = 'tenant_id') = 1 AND countIf(c.name = 'call_id') = 1
ORDER BY c.table
