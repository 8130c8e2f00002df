import { Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { RecipeView } from '../../main/contract/views.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { goTo, useAsk, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';
import { changeYaml } from './yaml-edit.ts';

const r = words.recipes;

interface Ends {
  onClose(): void;
  onDone(): void;
}

/** Approval by another person, who compares the fingerprint in words. */
export function ApproveDialog({ view, onClose, onDone }: Ends & { readonly view: RecipeView }) {
  const { store } = useSeat();
  const ask = useAsk();
  const approve = async () => {
    if (view.hash === null) return;
    const answer = await ask('recipes.approve', { recipe: view.recipe, hash: view.hash });
    onClose();
    if (answer === null) return;
    store.dispatch({ type: 'said', words: r.approved });
    onDone();
  };
  return (
    <Dialog title={r.approveTitle} open onClose={onClose}>
      <p>{r.approveWords}</p>
      <p className="fingerprint">
        <strong>{view.fingerprint ?? view.hash}</strong>
      </p>
      <DialogActs act={r.approve} onCancel={onClose} onAct={approve} first="act" />
    </Dialog>
  );
}

export function RetireDialog({ view, onClose, onDone }: Ends & { readonly view: RecipeView }) {
  const { store } = useSeat();
  const ask = useAsk();
  const [reason, setReason] = useState('');
  const retire = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await ask('recipes.retire', { recipe: view.recipe, reason: reason.trim() });
    onClose();
    if (answer === null) return;
    store.dispatch({ type: 'said', words: r.retired });
    onDone();
  };
  return (
    <Dialog title={r.retireTitle} open onClose={onClose}>
      <form className="form" onSubmit={retire}>
        <Textarea
          label={r.retireReason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={400}
          data-autofocus
        />
        <DialogActs act={r.retire} onCancel={onClose} red disabled={reason.trim() === ''} />
      </form>
    </Dialog>
  );
}

export function RemoveDialog({ view, onClose, onDone }: Ends & { readonly view: RecipeView }) {
  const { store } = useSeat();
  const ask = useAsk();
  const remove = async () => {
    const answer = await ask('recipes.remove', { recipe: view.recipe });
    onClose();
    if (answer === null) return;
    store.dispatch({ type: 'said', words: r.removed });
    onDone();
    // an example of its name may stand there again; else the first of the list
    if (store.get().place.screen === 'recipes') goTo('recipes');
  };
  return (
    <Dialog title={r.removeTitle} open onClose={onClose}>
      <p>{r.removeWords}</p>
      <DialogActs act={r.remove} onCancel={onClose} onAct={remove} red first="cancel" />
    </Dialog>
  );
}

/** A new recipe begins as the copy of one that works. */
export function CopyDialog({ text, onClose, onDone }: Ends & { readonly text: string }) {
  const { store } = useSeat();
  const ask = useAsk();
  const [name, setName] = useState('');
  const copy = async (event: FormEvent) => {
    event.preventDefault();
    const fresh = changeYaml(changeYaml(text, ['name'], name.trim()), ['revision'], 1);
    const saved = await ask('recipes.save', { recipe: name.trim(), text: fresh });
    onClose();
    if (saved === null) return;
    onDone();
    // Whoever has left meanwhile is not called back.
    if (store.get().place.screen === 'recipes') goTo('recipes', saved.view.recipe);
  };
  return (
    <Dialog title={r.newTitle} open onClose={onClose}>
      <form className="form" onSubmit={copy}>
        <TextInput
          label={r.newName}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={64}
          data-autofocus
          size="md"
        />
        <DialogActs act={words.save} onCancel={onClose} disabled={!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name.trim())} />
      </form>
    </Dialog>
  );
}
