-- Tables that hold rows of calls, whoever made them: those with a tenant and a call. No parameters.
-- `participant`: columns that name a participant.
SELECT
    c.table AS table,
    groupArrayIf(c.name, c.name IN ('participant_id', 'sender_id', 'receiver_id')) AS participantColumns
FROM system.columns AS c
INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree%'
GROUP BY c.table
HAVING countIf(c.name = 'tenant_id') = 1 AND countIf(c.name = 'call_id') = 1
ORDER BY c.table
