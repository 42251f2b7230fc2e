/** Recordings: chosen by a button or dropped anywhere on the page. */
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { CallPage } from '../../../contract.ts';
import { api } from '../api.ts';
import { Failure } from './notice.tsx';

type OnRecording = (page: CallPage) => void;

interface Reading {
  readonly name: string;
  readonly error?: unknown;
}

function useReading(onRecording: OnRecording): [Reading | undefined, (file: File) => void, () => void] {
  const [reading, setReading] = useState<Reading>();
  const read = (file: File) => {
    setReading({ name: file.name });
    api.judge(file).then(
      (page) => {
        setReading(undefined);
        onRecording(page);
      },
      (error: unknown) => setReading({ name: file.name, error }),
    );
  };
  return [reading, read, () => setReading(undefined)];
}

export function DropTarget({
  children,
  onRecording,
}: {
  children: ComponentChildren;
  onRecording: OnRecording;
}) {
  const [over, setOver] = useState(false);
  const [reading, read, close] = useReading(onRecording);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in the header does the same by keyboard
    <div
      class={`whole${over ? ' over' : ''}`}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) read(file);
      }}
    >
      {children}
      {over && <div class="dropzone">Drop the recording to judge it. It is not stored.</div>}
      <ReadingDialog reading={reading} close={close} />
    </div>
  );
}

export function OpenRecording({ onRecording }: { onRecording: OnRecording }) {
  const input = useRef<HTMLInputElement>(null);
  const [reading, read, close] = useReading(onRecording);
  return (
    <>
      <button
        type="button"
        title="A webrtc-internals dump, an rtcstats dump or an export of Callscope; or drop it on the page"
        onClick={() => input.current?.click()}
      >
        Open a recording
      </button>
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-label="Recording"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = '';
          if (file) read(file);
        }}
      />
      <ReadingDialog reading={reading} close={close} />
    </>
  );
}

function ReadingDialog({ reading, close }: { reading: Reading | undefined; close: () => void }) {
  if (!reading) return null;
  return (
    <div class="overlay">
      <div class="dialog" role="dialog" aria-modal="true" aria-label="Reading a recording">
        {reading.error === undefined ? (
          <p role="status">
            Reading and judging <b>{reading.name}</b> …
          </p>
        ) : (
          <>
            <p>
              <b>{reading.name}</b>
            </p>
            <Failure error={reading.error} />
            <button type="button" onClick={close} ref={(button) => button?.focus()}>
              Close
            </button>
          </>
        )}
      </div>
    </div>
  );
}
