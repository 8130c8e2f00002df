import { NumberInput, Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { CallInput } from '../../main/contract/contract.ts';
import type { FixtureView } from '../../main/contract/views.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { useAnswer, useApp, useAsk, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';

type Mode = NonNullable<CallInput<'line.start'>['mode']>;
const modes: readonly Mode[] = ['insertion', 'scan', 'key'];

/** Starts an order: which recipe, how many. */
export function StartBatch({ onClose }: { onClose(): void }) {
  const { store } = useSeat();
  const ask = useAsk();
  const recipes = useAnswer('recipes.list', {});
  const usable = (recipes.value ?? []).filter(({ state }) => state === 'approved');
  const [chosen, setChosen] = useState<string | null>(null);
  const [order, setOrder] = useState('');
  const [count, setCount] = useState<number | string>('');
  const [mode, setMode] = useState<Mode | null>(null);
  const [target, setTarget] = useState<number | string>('');
  const [busy, setBusy] = useState(false);
  const line = useApp((state) => state.line);
  // Nothing is chosen for a person, except what ran last, or what fits the virtual boards that lie there.
  const recipe =
    usable.find((view) => view.recipe === chosen) ??
    usable.find((view) => chosen === null && view.title === line?.batch?.recipe.name) ??
    usable.find((view) => chosen === null && line?.batch == null && fitsVirtual(view.chip, line?.fixtures ?? [])) ??
    null;

  const shownMode: Mode = mode ?? (recipe?.wantsSerial ? 'scan' : 'insertion');

  const start = async (event: FormEvent) => {
    event.preventDefault();
    if (recipe === null) return;
    setBusy(true);
    const batch = await ask('line.start', {
      recipe: recipe.recipe,
      order: order.trim() === '' ? null : order.trim(),
      count: typeof count === 'number' && count > 0 ? count : null,
      mode: shownMode,
      ...(typeof target === 'number' && target > 0 && { targetPerHour: target }),
    });
    setBusy(false);
    if (batch === null) return;
    const { line } = store.get();
    if (line !== null) store.dispatch({ type: 'snapshot', line: { ...line, batch } });
    onClose();
  };

  return (
    <Dialog title={words.batch.title} open onClose={onClose}>
      <form className="form" onSubmit={start}>
        {recipes.value !== null && usable.length === 0 && <p>{words.batch.noRecipes}</p>}
        <Select
          label={words.batch.chooseRecipe}
          description={words.batch.approvedOnly}
          data={usable.map((view) => ({
            value: view.recipe,
            label: `${view.recipe}, ${words.batch.revision(view)}`,
          }))}
          placeholder={words.batch.choosePlaceholder}
          value={recipe?.recipe ?? null}
          onChange={setChosen}
          allowDeselect={false}
          size="md"
          data-autofocus
        />
        {recipe?.fingerprint && (
          <div className="fingerprint">
            <span className="calm-note">{words.batch.fingerprint}</span>
            <strong>{recipe.fingerprint}</strong>
          </div>
        )}
        <TextInput
          label={words.batch.orderLabel}
          value={order}
          maxLength={80}
          onChange={(event) => setOrder(event.target.value)}
          data-scan="here"
          size="md"
        />
        <NumberInput
          label={words.batch.countLabel}
          value={count}
          onChange={setCount}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          size="md"
        />
        <NumberInput
          label={words.batch.target}
          value={target}
          onChange={setTarget}
          min={1}
          max={100_000}
          allowDecimal={false}
          size="md"
        />
        <Select
          label={words.batch.mode}
          data={modes.map((value) => ({ value, label: words.batch.modes[value] }))}
          value={shownMode}
          onChange={(value) => setMode(value as Mode | null)}
          allowDeselect={false}
          size="md"
        />
        <DialogActs act={words.batch.begin} onCancel={onClose} busy={busy} disabled={recipe === null} />
      </form>
    </Dialog>
  );
}

/** Only the address of a virtual board names its chip. */
function fitsVirtual(chip: string, fixtures: readonly FixtureView[]): boolean {
  return fixtures.some(({ address }) => address.startsWith(`virtual:${chip}?`));
}

/** Asks before a running batch is stopped. */
export function StopBatch({ onClose }: { onClose(): void }) {
  const ask = useAsk();
  const stop = async () => {
    onClose();
    await ask('line.stop', {});
  };
  return (
    <Dialog title={words.batch.stopTitle} open onClose={onClose}>
      <p>{words.batch.stopWords}</p>
      <DialogActs act={words.batch.stopYes} onCancel={onClose} onAct={stop} red first="cancel" />
    </Dialog>
  );
}
