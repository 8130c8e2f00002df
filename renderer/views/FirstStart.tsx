import { Button, Stepper, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import type { SessionState } from '../../main/contract/contract.ts';
import { Facts } from '../parts/Facts.tsx';
import { FaultWords } from '../parts/FaultWords.tsx';
import { KeyBlockMap } from '../parts/KeyBlockMap.tsx';
import { PinInput } from '../parts/SecondPerson.tsx';
import { Tile } from '../parts/Tile.tsx';
import { showsVerdict } from '../parts/tone.ts';
import { goTo, useAnswer, useApp, useAsk, useSeat } from '../state/station.ts';
import { shortHash } from '../words/format.ts';
import { words } from '../words/words.ts';
import { LanguageChoice } from './LanguageChoice.tsx';
import { BitTable } from './PlanPanels.tsx';

const f = words.first;

/** From nothing to the first sealed virtual board: who, what, watch, look. */
export function FirstStart() {
  const { store } = useSeat();
  const [at, setAt] = useState(0);
  const leave = (screen: 'line' | 'devices', item: string | null = null) => {
    store.dispatch({ type: 'guide-ended' });
    goTo(screen, item);
  };
  return (
    <div className="first">
      <h1>{f.title}</h1>
      <p className="first-lead">{f.lead}</p>
      <Stepper active={at} size="sm">
        {Object.values(f.steps).map((step) => (
          <Stepper.Step key={step} label={step} />
        ))}
      </Stepper>
      {at === 0 && (
        <You
          onDone={(next) => {
            store.dispatch({ type: 'session', session: next });
            setAt(1);
          }}
        />
      )}
      {at === 1 && <What onDone={() => setAt(2)} onSkip={() => leave('line')} />}
      {at === 2 && <Watch onDone={() => setAt(3)} onAgain={() => setAt(1)} />}
      {at === 3 && <Look onOpen={(mac) => leave('devices', mac)} onFinish={() => leave('line')} />}
    </div>
  );
}

function You({ onDone }: { onDone(session: SessionState): void }) {
  const ask = useAsk();
  const language = useApp((state) => state.preferences.language);
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const go = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const roles = ['operator', 'qa', 'engineer', 'custodian'] as const;
    const people = await ask('operators.save', {
      id: id.trim(),
      name: name.trim(),
      roles: [...roles],
      pin,
      badge: null,
      ...(language !== null && { language }),
    });
    const session = people === null ? null : await ask('session.login', { operator: id.trim(), pin });
    setBusy(false);
    if (session !== null) onDone(session);
  };
  return (
    <form className="form first-part" onSubmit={go}>
      <h2 className="first-title">{f.youTitle}</h2>
      <p>{f.youWords}</p>
      <LanguageChoice />
      <TextInput
        label={f.id}
        value={id}
        onChange={(event) => setId(event.target.value)}
        size="md"
        autoComplete="off"
        autoFocus
      />
      <TextInput
        label={f.name}
        value={name}
        onChange={(event) => setName(event.target.value)}
        size="md"
        autoComplete="off"
      />
      <PinInput label={f.pin} value={pin} onChange={setPin} autoComplete="new-password" />
      <div className="form-acts">
        <Button
          type="submit"
          size="md"
          loading={busy}
          disabled={id.trim() === '' || name.trim() === '' || pin.length < 6}
        >
          {f.next}
        </Button>
      </div>
    </form>
  );
}

function What({ onDone, onSkip }: { onDone(): void; onSkip(): void }) {
  const ask = useAsk();
  const recipes = useAnswer('recipes.list', {});
  const boards = useApp((state) => state.line?.fixtures) ?? [];
  const recipe =
    recipes.value?.find(
      ({ state, chip }) =>
        state === 'approved' && boards.some(({ address }) => address.split('?')[0] === `virtual:${chip}`),
    ) ??
    recipes.value?.find(({ state }) => state === 'approved') ??
    null;
  const plan = useAnswer('recipes.plan', recipe === null ? null : { recipe: recipe.recipe, text: null });
  const [busy, setBusy] = useState(false);
  const go = async () => {
    if (recipe === null) return;
    setBusy(true);
    const batch = await ask('line.start', { recipe: recipe.recipe, order: null, count: 1 });
    setBusy(false);
    if (batch !== null) onDone();
  };
  return (
    <div className="first-part">
      <h2 className="first-title">{f.recipeTitle}</h2>
      <p>{f.recipeWords}</p>
      {recipes.value !== null && recipe === null && <p className="condemned">{f.noRecipe}</p>}
      {recipe !== null && (
        <p className="fingerprint">
          <span>
            {recipe.recipe}, {words.batch.revision(recipe)}
          </span>
          <strong>{recipe.fingerprint}</strong>
        </p>
      )}
      {plan.value !== null && (
        <div className="first-plan">
          <KeyBlockMap slots={plan.value.slots} />
          <BitTable bits={plan.value.bits} />
        </div>
      )}
      <div className="form-acts">
        <Button variant="default" size="md" onClick={onSkip}>
          {f.skip}
        </Button>
        {/* A button that is disabled takes no focus: made anew when there is a recipe. */}
        <Button key={recipe?.recipe ?? ''} size="md" onClick={go} loading={busy} disabled={recipe === null} autoFocus>
          {f.run}
        </Button>
      </div>
    </div>
  );
}

/** The fixture that works on the one board, or that worked on it. */
function useBusyFixture() {
  const fixtures = useApp((state) => state.line?.fixtures) ?? [];
  return (
    fixtures.find((fixture) => fixture.state === 'running' || fixture.state === 'parked') ??
    fixtures.find(showsVerdict) ??
    fixtures.find((fixture) => fixture.state === 'identifying') ??
    null
  );
}

function Watch({ onDone, onAgain }: { onDone(): void; onAgain(): void }) {
  const fixture = useBusyFixture();
  const verdict = fixture !== null && showsVerdict(fixture) ? fixture.verdict : null;
  const passed = verdict?.outcome === 'passed';
  useEffect(() => {
    if (passed) onDone();
  }, [passed, onDone]);
  return (
    <div className="first-part">
      <h2 className="first-title">{verdict !== null && !passed ? f.notPassed : f.boardTitle}</h2>
      <div className="first-tile">
        {fixture !== null && <Tile fixture={fixture} reached={false} onOpen={() => {}} onReach={() => {}} />}
      </div>
      {verdict?.fault && <FaultWords fault={verdict.fault} />}
      {verdict !== null && !passed && (
        <div className="form-acts">
          <Button size="md" onClick={onAgain}>
            {f.again}
          </Button>
        </div>
      )}
    </div>
  );
}

function Look({ onOpen, onFinish }: { onOpen(mac: string): void; onFinish(): void }) {
  const mac = useBusyFixture()?.mac ?? null;
  const { value: device } = useAnswer('devices.show', mac === null ? null : { mac });
  const sealed = device?.sealed ?? null;
  return (
    <div className="first-part">
      <h2 className="first-title">{f.recordTitle}</h2>
      <p>{f.recordWords}</p>
      {sealed !== null && (
        <Facts
          rows={[
            [words.detail.mac, sealed.chip.mac, 'mono'],
            [words.detail.serial, sealed.serial],
            [words.devices.facts.recipe, `${sealed.recipe.name}, ${words.batch.revision(sealed.recipe)}`],
            [words.devices.keys, sealed.keys.map(({ role }) => role).join(', ')],
            [words.devices.certificateSerial, sealed.identity?.certificateSerial ?? null, 'mono'],
            [words.devices.facts.plan, shortHash(sealed.planDigest), 'mono'],
          ]}
        />
      )}
      <div className="form-acts">
        <Button variant="default" size="md" onClick={() => mac !== null && onOpen(mac)} disabled={mac === null}>
          {f.open}
        </Button>
        <Button size="md" onClick={onFinish} autoFocus>
          {f.finish}
        </Button>
      </div>
    </div>
  );
}
