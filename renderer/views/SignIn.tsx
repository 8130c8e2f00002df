import { Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { PinPad } from '../parts/PinPad.tsx';
import { PinInput } from '../parts/SecondPerson.tsx';
import { useApp, useAsk, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';
import { LanguageChoice } from './LanguageChoice.tsx';

/** By PIN, typed or touched, or by badge. */
export function SignIn({ onClose }: { onClose(): void }) {
  const { store } = useSeat();
  const ask = useAsk();
  const people = useApp((state) => state.session?.people);
  const [operator, setOperator] = useState<string>('');
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const session = await ask('session.login', { operator: operator.trim(), pin });
    setBusy(false);
    setPin('');
    if (session === null) return;
    store.dispatch({ type: 'session', session });
    onClose();
  };

  return (
    <Dialog title={words.session.title} open onClose={onClose}>
      <form className="form" onSubmit={enter}>
        {people === undefined ? (
          <TextInput
            label={words.session.name}
            placeholder={words.session.namePlaceholder}
            value={operator}
            onChange={(event) => setOperator(event.target.value)}
            autoComplete="off"
            size="md"
            data-autofocus
          />
        ) : (
          <Select
            label={words.session.name}
            data={people.map(({ id, name }) => ({ value: id, label: name }))}
            value={operator === '' ? null : operator}
            onChange={(value) => setOperator(value ?? '')}
            searchable
            openOnFocus={false}
            size="md"
            data-autofocus
          />
        )}
        <PinInput label={words.session.pin} value={pin} onChange={setPin} />
        <PinPad value={pin} onChange={setPin} />
        <p className="calm-note">{words.session.badge}</p>
        <LanguageChoice />
        <DialogActs
          act={words.session.signIn}
          onCancel={onClose}
          busy={busy}
          disabled={operator.trim() === '' || pin === ''}
        />
      </form>
    </Dialog>
  );
}
