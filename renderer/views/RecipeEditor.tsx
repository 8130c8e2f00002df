import { Button, SegmentedControl, Tabs } from '@mantine/core';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import type { RecipeText, RehearsalView } from '../../main/contract/views.ts';
import { Findings } from '../parts/Findings.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { keepDraft, keptDraft } from '../state/drafts.ts';
import { useAnswer, useApp, useAsk, useMay, useSeat } from '../state/station.ts';
import { approverText, changeText, faultText, words } from '../words/words.ts';
import { AssuranceTable } from './AssuranceTable.tsx';
import { PlanBurns, PlanSteps } from './PlanPanels.tsx';
import { ApproveDialog, CopyDialog, RemoveDialog, RetireDialog } from './RecipeDialogs.tsx';
import { RecipeForm } from './RecipeForm.tsx';
import { Rehearsal } from './Rehearsal.tsx';
import { recipeLooks } from './recipe-looks.ts';

// most screens never need an editor: it is loaded with the first recipe
const YamlEditor = lazy(async () => ({ default: (await import('../parts/YamlEditor.tsx')).YamlEditor }));

const r = words.recipes;
/** Quiet time after a keystroke before the check runs, in ms. */
const quietMs = 250;

/** One recipe: form and text side by side over the same words; below what it finds and what it does. */
export function RecipeEditor({ recipe, onChanged }: { readonly recipe: string; onChanged(): void }) {
  const read = useAnswer('recipes.read', { recipe });
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const maySave = useMay('recipes.save');
  const draftOf = maySave ? person : null;
  if (read.value === null)
    return <p className="calm-note page-note">{read.fault === null ? words.loading : faultText(read.fault).what}</p>;
  // whoever comes next sees what is kept, not what somebody else has typed
  return (
    <Opened key={`${recipe} ${person}`} recipe={recipe} draftOf={draftOf} first={read.value} onChanged={onChanged} />
  );
}

function Opened({
  recipe,
  draftOf,
  first,
  onChanged,
}: {
  readonly recipe: string;
  /** Whose unsaved words are shown again; null: nobody's. */
  readonly draftOf: string | null;
  readonly first: RecipeText;
  onChanged(): void;
}) {
  const { store } = useSeat();
  const ask = useAsk();
  const [kept, setKept] = useState(first);
  const [text, setText] = useState(() => (draftOf === null ? null : keptDraft(recipe, draftOf)) ?? first.text);
  const [line, setLine] = useState<{ line: number } | null>(null);
  const [side, setSide] = useState<'form' | 'yaml'>('form');
  const [rehearsal, setRehearsal] = useState<RehearsalView | null>(null); // of this sitting: of an approved recipe the ledger keeps none
  const [busy, setBusy] = useState<'save' | 'rehearse' | null>(null);
  const [dialog, setDialog] = useState<'approve' | 'retire' | 'remove' | 'copy' | null>(null);
  const [tab, setTab] = useState<string | null>('findings');
  const maySave = useMay('recipes.save');
  const mayRemove = useMay('recipes.remove');
  const mayRehearse = useMay('recipes.rehearse');
  const operator = useApp((state) => state.session?.operator?.id ?? null);
  const mayApprove = useMay('recipes.approve');
  const mayRetire = useMay('recipes.retire');

  // whoever may not write sees the findings of what is kept, the same as everybody
  const own = maySave && text !== kept.text ? text : null;
  const check = useAnswer('recipes.check', { recipe, text: own }, { debounceMs: quietMs });
  const diff = useAnswer('recipes.diff', tab === 'diff' ? { recipe, text: own } : null, {
    debounceMs: quietMs,
  });
  const assurance = useAnswer('recipes.assurance', tab === 'assurance' ? { recipe, text: own } : null, {
    debounceMs: quietMs,
  });
  const label = useAnswer('labels.preview', tab === 'label' ? { recipe, template: null } : null);
  const findings = check.value?.findings ?? [];
  const plan = check.value?.plan ?? null;
  const { view } = kept;
  const unsaved = text !== kept.text;
  const errors = findings.filter(({ severity, waived }) => severity === 'error' && waived === null).length;

  // another person or rehearsal may have changed its state
  const refresh = useCallback(async () => {
    const fresh = await ask('recipes.read', { recipe });
    if (fresh !== null) setKept(fresh);
    onChanged();
  }, [ask, recipe, onChanged]);

  useEffect(() => {
    if (operator !== null && maySave) keepDraft(recipe, operator, unsaved ? text : null);
  }, [recipe, operator, maySave, text, unsaved]);

  useEffect(() => {
    if (line !== null) setSide('yaml');
  }, [line]);

  const save = async () => {
    setBusy('save');
    const saved = await ask('recipes.save', { recipe, text });
    setBusy(null);
    if (saved === null) return;
    setKept(saved);
    setText(saved.text);
    setRehearsal(null);
    store.dispatch({ type: 'said', words: r.saved });
    onChanged();
  };
  const rehearse = async () => {
    setTab('rehearsal');
    setBusy('rehearse');
    setRehearsal(await ask('recipes.rehearse', { recipe }));
    setBusy(null);
    await refresh();
  };

  return (
    <div className="recipe">
      <header className="screen-head">
        <div className="recipe-title">
          <div>
            <h2>{recipe}</h2>
            <StateMark look={recipeLooks[view.state]} />
            {unsaved && <StateMark look={{ tone: 'ask', shape: 'pause', word: r.unsaved }} />}
          </div>
          <div>
            {view.fingerprint !== null && !unsaved && (
              <span className="batch-words" title={view.hash ?? ''}>
                {view.fingerprint}
              </span>
            )}
            <span className="calm-note recipe-by">
              {[
                view.author === null ? '' : r.author({ name: view.author }),
                view.approvedBy === null ? '' : r.approvedBy({ name: approverText(view.approvedBy) }),
              ]
                .filter((part) => part !== '')
                .join(', ')}
            </span>
          </div>
        </div>
        {unsaved && (
          <Button variant="default" onClick={() => setText(kept.text)}>
            {r.revert}
          </Button>
        )}
        {maySave && unsaved && (
          <Button onClick={save} loading={busy === 'save'}>
            {r.save}
          </Button>
        )}
        {maySave && !unsaved && (
          <Button variant="default" onClick={() => setDialog('copy')}>
            {r.new}
          </Button>
        )}
        {mayRehearse && !unsaved && view.state !== 'retired' && (
          <Button
            variant={view.state === 'draft' ? 'filled' : 'default'}
            onClick={rehearse}
            loading={busy === 'rehearse'}
            disabled={errors > 0}
          >
            {r.rehearse}
          </Button>
        )}
        {mayApprove && !unsaved && view.state === 'rehearsed' && view.author !== operator && (
          <Button onClick={() => setDialog('approve')}>{r.approve}</Button>
        )}
        {mayRetire && !unsaved && view.state === 'approved' && (
          <Button variant="default" onClick={() => setDialog('retire')}>
            {r.retire}
          </Button>
        )}
        {mayRemove && !unsaved && !view.isExample && view.state !== 'approved' && (
          <Button variant="default" onClick={() => setDialog('remove')}>
            {r.remove}
          </Button>
        )}
      </header>
      <SegmentedControl
        className="side-switch"
        aria-label={`${r.form}, ${r.yaml}`}
        value={side}
        onChange={(next) => setSide(next as 'form' | 'yaml')}
        data={[
          { value: 'form', label: r.form },
          { value: 'yaml', label: r.yaml },
        ]}
        transitionDuration={0}
      />
      <div className="sides" data-side={side}>
        <RecipeForm text={text} findings={findings} readOnly={!maySave} onChange={setText} />
        <Suspense fallback={<p className="calm-note">{words.loading}</p>}>
          <YamlEditor text={text} findings={findings} readOnly={!maySave} onChange={setText} goTo={line} />
        </Suspense>
      </div>
      <Tabs value={tab} onChange={setTab} keepMounted={false} className="recipe-tabs">
        <Tabs.List aria-label={r.tabs}>
          <Tabs.Tab value="findings">
            {r.findings} ({findings.length})
          </Tabs.Tab>
          <Tabs.Tab value="burns">{r.slots}</Tabs.Tab>
          <Tabs.Tab value="steps">{r.steps}</Tabs.Tab>
          <Tabs.Tab value="diff">{r.diff}</Tabs.Tab>
          <Tabs.Tab value="assurance">{words.assurance.title}</Tabs.Tab>
          <Tabs.Tab value="rehearsal">{r.rehearsal}</Tabs.Tab>
          <Tabs.Tab value="label">{r.label}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="findings">
          {check.value === null ? (
            <p className="calm-note">{check.fault === null ? words.loading : faultText(check.fault).what}</p>
          ) : (
            <Findings findings={findings} onGo={(at) => setLine({ line: at })} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="burns">
          {plan === null ? <p className="calm-note">{r.noPlan}</p> : <PlanBurns plan={plan} />}
        </Tabs.Panel>
        <Tabs.Panel value="steps">
          {plan === null ? <p className="calm-note">{r.noPlan}</p> : <PlanSteps plan={plan} />}
        </Tabs.Panel>
        <Tabs.Panel value="diff">
          {diff.value === null ? (
            <p className="calm-note">{diff.fault === null ? words.loading : faultText(diff.fault).what}</p>
          ) : diff.value.length === 0 ? (
            <p className="calm-note">{r.diffNone}</p>
          ) : (
            <ul className="diff">
              {diff.value.map((difference) => (
                <li key={difference.path}>
                  <span className="mono">{difference.path}</span> <span>{changeText(difference.change)}</span>
                  {difference.weaker && <StateMark look={{ tone: 'warn', shape: 'bar', word: r.weaker }} />}
                </li>
              ))}
            </ul>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="assurance">
          {assurance.value === null ? (
            <p className="calm-note">
              {assurance.waiting
                ? words.loading
                : assurance.fault === null
                  ? r.noPlan
                  : faultText(assurance.fault).what}
            </p>
          ) : (
            <AssuranceTable lines={assurance.value} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="rehearsal">
          <Rehearsal result={rehearsal ?? kept.rehearsal} busy={busy === 'rehearse'} />
        </Tabs.Panel>
        <Tabs.Panel value="label">
          {label.value === null ? (
            <p className="calm-note">{label.fault === null ? words.loading : faultText(label.fault).what}</p>
          ) : (
            <img
              className="label"
              alt={r.labelSays}
              src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(label.value.svg)}`}
            />
          )}
        </Tabs.Panel>
      </Tabs>
      {dialog === 'approve' && <ApproveDialog view={view} onClose={() => setDialog(null)} onDone={refresh} />}
      {dialog === 'retire' && <RetireDialog view={view} onClose={() => setDialog(null)} onDone={refresh} />}
      {dialog === 'remove' && <RemoveDialog view={view} onClose={() => setDialog(null)} onDone={onChanged} />}
      {dialog === 'copy' && <CopyDialog text={text} onClose={() => setDialog(null)} onDone={onChanged} />}
    </div>
  );
}
