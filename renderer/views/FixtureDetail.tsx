import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { Facts } from '../parts/Facts.tsx';
import { FaultWords } from '../parts/FaultWords.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { lookOf, outcomeLooks, showsVerdict } from '../parts/tone.ts';
import { fixtureOf, isKnown } from '../state/state.ts';
import { goTo, useApp, useAsk, useMay, useSeat } from '../state/station.ts';
import { timeText } from '../words/format.ts';
import { answerText, stepText, words } from '../words/words.ts';

/** One fixture from near: what goes on or what happened, whether the board is safe, and what to do. */
export function FixtureDetail({ name, onClose }: { readonly name: string; onClose(): void }) {
  const { store } = useSeat();
  const fixture = useApp((state) => fixtureOf(state, name));
  const known = useApp(isKnown);
  const ask = useAsk();
  const mayAcknowledge = useMay('line.acknowledge');
  const mayGo = useMay('line.go');
  const mayUndo = useMay('line.undo');
  const mayOpen = useMay('devices.show');
  if (fixture === null) return null;
  const verdict = showsVerdict(fixture) ? fixture.verdict : null;
  const { mac, run } = fixture;

  const acknowledge = async () => {
    if ((await ask('line.acknowledge', { fixture: name })) !== null) onClose();
  };
  const go = async () => {
    if ((await ask('line.go', { fixture: name })) !== null) onClose();
  };

  const undo = async () => {
    const answer = await ask('line.undo', { fixture: name });
    if (answer !== null) store.dispatch({ type: 'said', words: answerText(answer) });
  };

  return (
    <Dialog title={words.detail.title({ fixture: name })} open onClose={onClose} wide>
      <div className="detail-state">
        <StateMark
          look={!known ? lookOf(fixture, false) : verdict === null ? lookOf(fixture) : outcomeLooks[verdict.outcome]}
        />
      </div>
      {verdict?.fault ? (
        <FaultWords fault={verdict.fault} verdict={verdict} />
      ) : (
        verdict !== null && <p>{words.act[verdict.outcome]}.</p>
      )}
      {fixture.state === 'labelling' && <LabelEntry name={name} mac={mac} onDone={onClose} />}
      <Facts
        rows={[
          [words.detail.step, verdict === null && fixture.step !== null ? stepText(fixture.step) : null],
          [words.detail.serial, fixture.serial],
          [words.detail.mac, mac, 'mono'],
          [words.detail.ended, verdict === null ? null : timeText(verdict.at)],
          [words.screens.devices, verdict?.sealRow ? words.detail.sealRow({ row: verdict.sealRow }) : null],
          [words.detail.kind, words.detail.kinds[fixture.address.startsWith('virtual:') ? 'virtual' : 'real']],
          [words.detail.address, fixture.address, 'mono'],
          [words.tile.fixtures, words.tile.countMeans({ passed: fixture.passed, tried: fixture.tried })],
        ]}
      />
      <div className="form-acts">
        {mac !== null && mayOpen && (
          <Button
            variant="default"
            size="md"
            // a board that was refused need have no record of its own
            onClick={() => (verdict?.outcome === 'refused' && run !== null ? goTo('runs', run) : goTo('devices', mac))}
          >
            {words.detail.openDevice}
          </Button>
        )}
        {fixture.bound !== null && mayUndo && (
          <Button variant="default" size="md" onClick={undo}>
            {words.scanRule.undo}: {fixture.bound.serial}
          </Button>
        )}
        {fixture.state === 'ready' && (fixture.needs === 'key' || fixture.needs === 'name') && mayGo && (
          <Button size="md" onClick={go} data-autofocus>
            {words.detail.go}
          </Button>
        )}
        {verdict !== null && mayAcknowledge && (
          <Button size="md" onClick={acknowledge} data-autofocus>
            {words.detail.acknowledge}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

/** Where the scanner cannot read the label it is typed; where it is spoiled it is printed again. */
function LabelEntry({ name, mac, onDone }: { readonly name: string; readonly mac: string | null; onDone(): void }) {
  const { store } = useSeat();
  const ask = useAsk();
  const mayPrint = useMay('labels.print');
  const mayScan = useMay('line.scan');
  const [text, setText] = useState('');
  const confirm = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await ask('line.scan', { text: text.trim(), fixture: name });
    if (answer === null) return;
    store.dispatch({ type: 'said', words: answerText(answer) });
    onDone();
  };
  const print = async () => {
    if (mac === null) return;
    const answer = await ask('labels.print', { mac });
    if (answer !== null) store.dispatch({ type: 'said', words: answerText(answer) });
  };
  return (
    <form className="label-entry" onSubmit={confirm}>
      <p>{words.detail.labelAct}.</p>
      {mayScan && (
        <TextInput
          label={words.detail.labelText}
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={200}
          size="md"
        />
      )}
      <div className="form-acts">
        {mayPrint && (
          <Button variant="default" size="md" onClick={print}>
            {words.detail.labelAgain}
          </Button>
        )}
        {mayScan && (
          <Button type="submit" size="md" disabled={text.trim() === ''}>
            {words.detail.labelConfirm}
          </Button>
        )}
      </div>
    </form>
  );
}
