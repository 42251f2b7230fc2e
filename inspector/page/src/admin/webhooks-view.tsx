/** Webhooks: who is told of calls that ended and of incidents, and how telling them goes. */
import { useEffect, useState } from 'preact/hooks';
import type { WebhookInfo } from '../../../contract.ts';
import { api } from '../api.ts';
import { clock, day } from '../format.ts';
import { Failure, Notice } from '../parts/notice.tsx';

const events = ['call.ended', 'incident.opened', 'incident.closed'] as const;

export function WebhooksView() {
  const [hooks, setHooks] = useState<readonly WebhookInfo[]>();
  const [fault, setFault] = useState<unknown>();
  const [secret, setSecret] = useState('');
  const [url, setUrl] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(events);
  const load = () => api.webhooks().then((answer) => setHooks(answer.webhooks), setFault);
  useEffect(() => {
    document.title = 'Webhooks – Callscope';
    void load();
  }, []);
  const make = async () => {
    setFault(undefined);
    try {
      setSecret((await api.makeWebhook(url.trim(), chosen)).secret);
      setUrl('');
      await load();
    } catch (error) {
      setFault(error);
    }
  };
  return (
    <main class="narrow">
      <h1>Webhooks</h1>
      <p class="soft">
        Told by a signed POST, again and again until it is answered with 2xx, for a day at most.
      </p>
      {fault !== undefined && <Failure error={fault} />}
      {secret && (
        <Notice title="The secret that signs">
          <p>It is shown this once. The receiver checks the signature of every message with it.</p>
          <p>
            <code class="secret">{secret}</code>
          </p>
        </Notice>
      )}
      <form
        class="inline"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          Address{' '}
          <input
            type="url"
            value={url}
            maxLength={500}
            required
            placeholder="https://…"
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        </label>
        {events.map((event) => (
          <label key={event}>
            <input
              type="checkbox"
              checked={chosen.includes(event)}
              onChange={({ currentTarget }) =>
                setChosen(events.filter((e) => (e === event ? currentTarget.checked : chosen.includes(e))))
              }
            />{' '}
            {event}
          </label>
        ))}
        <button type="submit" disabled={chosen.length === 0}>
          Make a webhook
        </button>
      </form>
      {hooks && hooks.length === 0 && <p>There are no webhooks yet.</p>}
      {hooks && hooks.length > 0 && (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Of what</th>
              <th scope="col">Told</th>
              <th scope="col">
                <span class="unseen">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {hooks.map((hook) => (
              <tr key={hook.hookId}>
                <td>{hook.url}</td>
                <td>{hook.events.join(', ')}</td>
                <td>
                  {hook.told}
                  {hook.lastToldAt !== null && ` (last ${day(hook.lastToldAt)} ${clock(hook.lastToldAt)})`}
                  {hook.waiting > 0 && `, ${hook.waiting} waiting`}
                  {hook.waiting > 0 && hook.lastError && `: ${hook.lastError}`}
                </td>
                <td>
                  <button
                    type="button"
                    class="quiet"
                    onClick={() => void api.removeWebhook(hook.hookId).then(load, setFault)}
                  >
                    Remove<span class="unseen"> {hook.url}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  );
}
