import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { addressOf, useAnswer, useAsk, useMay, useSeat } from '../state/station.ts';
import { dateText } from '../words/format.ts';
import { words } from '../words/words.ts';

/** How often it is looked again, in ms: another face may settle one, or the MES refuse another. */
const everyMs = 10_000;

/** Results that the factory's own system refused, or that wait while it is away, and the word of who saw to one. Nothing where there are none. */
export function OpenResults() {
  const r = words.shift.results;
  const may = useMay('factory.settle');
  const { value: results, again } = useAnswer('factory.results', {}, { everyMs });
  const [run, setRun] = useState<string | null>(null);
  if (results === null || results.length === 0) return null;
  return (
    <>
      <h2>{r.title({ count: results.length })}</h2>
      <ul className="shift-notes open-results">
        {results.map((result) => (
          <li key={result.run}>
            <span className="calm-note">
              {dateText(result.at)}, {r[result.state]}
            </span>
            <a className="mono" href={addressOf({ screen: 'runs', item: result.run })}>
              {result.run}
            </a>
            {result.words !== null && <q>{result.words}</q>}
            {may && (
              <Button variant="default" size="sm" onClick={() => setRun(result.run)}>
                {r.settle}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {run !== null && (
        <Settle
          run={run}
          onClose={() => setRun(null)}
          onDone={() => {
            setRun(null);
            again();
          }}
        />
      )}
    </>
  );
}

function Settle({ run, onClose, onDone }: { readonly run: string; onClose(): void; onDone(): void }) {
  const r = words.shift.results;
  const { store } = useSeat();
  const ask = useAsk();
  const [reason, setReason] = useState('');
  const settle = async (event: FormEvent) => {
    event.preventDefault();
    if ((await ask('factory.settle', { run, reason: reason.trim() })) === null) return;
    store.dispatch({ type: 'said', words: r.done });
    onDone();
  };
  return (
    <Dialog title={r.settleTitle({ run })} open onClose={onClose}>
      <form className="form" onSubmit={settle}>
        <p>{r.means}</p>
        <TextInput
          label={r.reason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
          size="md"
          data-autofocus
        />
        <DialogActs act={r.go} onCancel={onClose} disabled={reason.trim() === ''} />
      </form>
    </Dialog>
  );
}
