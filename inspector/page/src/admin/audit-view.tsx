/** The audit log: who did what with whose calls. */
import { useEffect, useState } from 'preact/hooks';
import { type AuditEntry, api } from '../api.ts';
import { clock, day, words } from '../format.ts';
import { Failure } from '../parts/notice.tsx';

export function AuditView() {
  const [entries, setEntries] = useState<readonly AuditEntry[]>();
  const [next, setNext] = useState<string | null>(null);
  const [fault, setFault] = useState<unknown>();
  const load = async (cursor: string) => {
    try {
      const answer = await api.audit(cursor);
      setEntries((known) => (cursor === '0' ? answer.entries : [...(known ?? []), ...answer.entries]));
      setNext(answer.next);
    } catch (error) {
      setFault(error);
    }
  };
  useEffect(() => {
    document.title = 'Audit log – Callscope';
    void load('0');
  }, []);
  return (
    <main class="narrow">
      <h1>Audit log</h1>
      {fault !== undefined && <Failure error={fault} />}
      {entries && (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Of</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry, index) => (
              <tr key={`${entry.time} ${index}`}>
                <td>
                  {day(entry.time)} {clock(entry.time)}
                </td>
                <td>
                  {entry.actor} ({entry.role})
                </td>
                <td>{words(entry.action)}</td>
                <td class="long">
                  {entry.subject} {entry.detail}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {next && (
        <button type="button" onClick={() => void load(next)}>
          Show more
        </button>
      )}
    </main>
  );
}
