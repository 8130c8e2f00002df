import { Button, Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { keepDraft } from '../state/drafts.ts';
import { goTo, useAnswer, useApp, useAsk, useMay } from '../state/station.ts';
import { words } from '../words/words.ts';

/** Begins a recipe from what a build says of itself. */
export function NewFromBuild({ onDone }: { onDone(): void }) {
  const may = useMay('recipes.propose');
  const [isOpen, setOpen] = useState(false);
  if (!may) return null;
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {words.recipes.fromBuild.begin}
      </Button>
      {isOpen && <BuildDialog onClose={() => setOpen(false)} onDone={onDone} />}
    </>
  );
}

function BuildDialog({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const f = words.recipes.fromBuild;
  const ask = useAsk();
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const { value: builds } = useAnswer('recipes.builds', {});
  const { value: shelf } = useAnswer('recipes.list', {});
  const [build, setBuild] = useState<string | null>(null);
  const [name, setName] = useState('');
  const recipe = name.trim();
  const isTaken = shelf?.some((view) => view.recipe === recipe) ?? false;
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(recipe);
  const begin = async (event: FormEvent) => {
    event.preventDefault();
    if (build === null) return;
    const proposal = await ask('recipes.propose', { build, recipe });
    if (proposal === null) return;
    const saved = await ask('recipes.save', { recipe, text: proposal.text });
    if (saved === null) return;
    if (person !== null) keepDraft(recipe, person, null);
    onClose();
    onDone();
    goTo('recipes', recipe);
  };
  return (
    <Dialog title={f.title} open onClose={onClose}>
      <form className="form" onSubmit={(event) => void begin(event)}>
        <p className="calm-note">{f.note}</p>
        <Select
          label={f.build}
          data={[...(builds ?? [])]}
          value={build}
          onChange={setBuild}
          nothingFoundMessage={f.none}
          searchable
          size="md"
          data-autofocus
        />
        <TextInput
          label={words.recipes.newName}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={isTaken ? f.taken : undefined}
          maxLength={64}
          size="md"
        />
        <DialogActs act={words.save} onCancel={onClose} disabled={build === null || !isName || isTaken} />
      </form>
    </Dialog>
  );
}
