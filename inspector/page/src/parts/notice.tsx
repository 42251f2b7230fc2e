/** What stands where there is nothing to show, and what went wrong: always with what to do. */
import type { ComponentChildren } from 'preact';
import { ApiError } from '../api.ts';

export function Notice(props: { title: string; children?: ComponentChildren; role?: 'alert' | 'status' }) {
  return (
    <section class="notice" role={props.role ?? 'status'}>
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const told =
    error instanceof ApiError
      ? error
      : {
          title: 'Something went wrong on this page',
          message: error instanceof Error ? error.message : String(error),
        };
  return (
    <Notice title={told.title} role="alert">
      <p>{told.message}</p>
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </Notice>
  );
}
