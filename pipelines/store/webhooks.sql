-- Webhooks that are in use. No parameters. Times in epoch ms.
SELECT tenant_id, hook_id, url, events, toUnixTimestamp64Milli(h.created_at) AS created_at
FROM webhook AS h FINAL
WHERE isNull(h.removed_at)
