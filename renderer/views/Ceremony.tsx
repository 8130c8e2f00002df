import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { nobody, type Second, SecondPerson } from '../parts/SecondPerson.tsx';
import { words } from '../words/words.ts';

const s = words.station;

export interface CeremonyProps {
  readonly title: string;
  readonly note: string;
  /** What the reason is to say. */
  readonly reason: string;
  /** Resolves to false where it was refused, which the page has told. */
  readonly onAgreed: (act: { readonly reason: string; readonly second: Second | null }) => Promise<boolean>;
}

/** Two custodians say something that stands against what the ledger knows, and why: the one who is signed in, and another by name and PIN. */
export function Ceremony({ title, note, reason: wanted, onAgreed }: CeremonyProps) {
  const [reason, setReason] = useState('');
  const [second, setSecond] = useState(nobody);
  const accept = async () => {
    const id = second.id.trim();
    const isDone = await onAgreed({ reason, second: id === '' ? null : { ...second, id } });
    setSecond((typed) => ({ ...typed, pin: '' }));
    if (isDone) setReason('');
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void accept();
      }}
    >
      <h2>{title}</h2>
      <p className="calm-note">{note}</p>
      <TextInput
        label={wanted}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        autoComplete="off"
        size="md"
      />
      <SecondPerson labels={s} value={second} onChange={setSecond} />
      <div className="form-acts">
        <span className="push" />
        <Button type="submit" color="red" disabled={reason.trim() === ''}>
          {title}
        </Button>
      </div>
    </form>
  );
}
