/** Keys for programs. */
import { useEffect, useState } from 'preact/hooks';
import { api, type KeyInfo } from '../api.ts';
import { clock, day } from '../format.ts';
import { Failure, Notice } from '../parts/notice.tsx';

export function KeysView() {
  const [keys, setKeys] = useState<readonly KeyInfo[]>();
  const [fault, setFault] = useState<unknown>();
  const [made, setMade] = useState<{ name: string; token: string }>();
  const [name, setName] = useState('');
  const [role, setRole] = useState('support');
  const load = () => api.keys().then((answer) => setKeys(answer.keys), setFault);
  useEffect(() => {
    document.title = 'Keys – Callscope';
    void load();
  }, []);
  const make = async () => {
    setFault(undefined);
    try {
      setMade(await api.makeKey(name.trim(), role));
      setName('');
      await load();
    } catch (error) {
      setFault(error);
    }
  };
  return (
    <main class="narrow">
      <h1>Keys</h1>
      <p class="soft">
        For programs that use the API: sent as <code>Authorization: Bearer …</code>.
      </p>
      {fault !== undefined && <Failure error={fault} />}
      {made && (
        <Notice title={`The key “${made.name}”`}>
          <p>It is shown this once. Keep it where secrets are kept.</p>
          <p>
            <code class="secret">{made.token}</code>
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
          Name{' '}
          <input
            value={name}
            maxLength={80}
            required
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          Role{' '}
          <select value={role} onChange={(event) => setRole(event.currentTarget.value)}>
            <option value="support">support (reads)</option>
            <option value="admin">admin</option>
          </select>
        </label>
        <button type="submit">Make a key</button>
      </form>
      {keys && keys.length === 0 && <p>There are no keys yet.</p>}
      {keys && keys.length > 0 && (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Role</th>
              <th scope="col">Made</th>
              <th scope="col">
                <span class="unseen">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <tr key={key.keyId}>
                <td>{key.name}</td>
                <td>{key.role}</td>
                <td>
                  {day(key.createdAt)} {clock(key.createdAt)}
                </td>
                <td>
                  {key.revokedAt === null ? (
                    <button
                      type="button"
                      class="quiet"
                      onClick={() => void api.revokeKey(key.keyId).then(load, setFault)}
                    >
                      Revoke<span class="unseen"> {key.name}</span>
                    </button>
                  ) : (
                    'revoked'
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  );
}
