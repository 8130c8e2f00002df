import { TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { nobody, SecondPerson } from '../parts/SecondPerson.tsx';
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
  const [second, setSecond] = useState(nobody);
  const act = async (event: FormEvent) => {
    event.preventDefault();
    const agrees = { ...second, id: second.id.trim() };
    if ((await ask(`boards.${what}`, { mac, reason: reason.trim(), second: agrees })) === null) return;
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
        <SecondPerson labels={r} value={second} onChange={setSecond} />
        <DialogActs
          act={r.act[what].go}
          onCancel={onClose}
          red
          disabled={reason.trim() === '' || second.id.trim() === '' || second.pin === ''}
        />
      </form>
    </Dialog>
  );
}
