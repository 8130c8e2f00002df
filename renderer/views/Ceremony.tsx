import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { words } from '../words/words.ts';

const s = words.station;

export interface CeremonyProps {
  readonly title: string;
  readonly note: string;
  /** What the reason is to say. */
  readonly reason: string;
  /** Resolves to false where it was refused, which the page has told. */
  readonly onAgreed: (act: {
    readonly reason: string;
    readonly second: { readonly id: string; readonly pin: string } | null;
  }) => Promise<boolean>;
}

/** Two custodians say something that stands against what the ledger knows, and why: the one who is signed in, and another by name and PIN. */
export function Ceremony({ title, note, reason: wanted, onAgreed }: CeremonyProps) {
  const [reason, setReason] = useState('');
  const [secondId, setSecondId] = useState('');
  const [secondPin, setSecondPin] = useState('');
  const accept = async () => {
    const second = secondId.trim() === '' ? null : { id: secondId.trim(), pin: secondPin };
    const isDone = await onAgreed({ reason, second });
    setSecondPin('');
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
      <TextInput
        label={s.secondId}
        value={secondId}
        onChange={(event) => setSecondId(event.target.value)}
        autoComplete="off"
        size="md"
      />
      <PasswordInput
        label={s.secondPin}
        value={secondPin}
        onChange={(event) => setSecondPin(event.target.value)}
        autoComplete="off"
        inputMode="numeric"
        size="md"
        visibilityToggleButtonProps={{ 'aria-hidden': true, tabIndex: -1 }}
      />
      <div className="form-acts">
        <span className="push" />
        <Button type="submit" color="red" disabled={reason.trim() === ''}>
          {title}
        </Button>
      </div>
    </form>
  );
}
