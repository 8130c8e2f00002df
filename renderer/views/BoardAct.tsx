import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { useAsk, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';

const r = words.recovery;

/** Two people end what was begun of a board: the one who sits here, and a second who proves an own PIN. */
export function BoardAct({
  what,
  mac,
  onClose,
  onDone,
}: {
  readonly what: 'release' | 'condemn';
  readonly mac: string;
  onClose(): void;
  onDone(): void;
}) {
  const { store } = useSeat();
  const ask = useAsk();
  const [reason, setReason] = useState('');
  const [id, setId] = useState('');
  const [pin, setPin] = useState('');
  const act = async (event: FormEvent) => {
    event.preventDefault();
    const second = { id: id.trim(), pin };
    if ((await ask(`boards.${what}`, { mac, reason: reason.trim(), second })) === null) return;
    store.dispatch({ type: 'said', words: r.act[what].done });
    onDone();
  };
  return (
    <Dialog title={r.act[what].title} open onClose={onClose}>
      <form className="form" onSubmit={act}>
        <p>{r.act[what].words}</p>
        <p className="mono">{mac}</p>
        <TextInput
          label={r.reason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          size="md"
          data-autofocus
        />
        <p className="calm-note">{r.takesTwo}</p>
        <TextInput
          label={r.secondId}
          value={id}
          onChange={(event) => setId(event.target.value)}
          autoComplete="off"
          size="md"
        />
        <PasswordInput
          label={r.secondPin}
          value={pin}
          onChange={(event) => setPin(event.target.value)}
          autoComplete="off"
          inputMode="numeric"
          size="md"
          visibilityToggleButtonProps={{ 'aria-hidden': true, tabIndex: -1 }}
        />
        <div className="form-acts">
          <Button variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button type="submit" color="red" disabled={reason.trim() === '' || id.trim() === '' || pin === ''}>
            {r.act[what].go}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
