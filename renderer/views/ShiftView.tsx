import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ShiftView as Shift } from '../../main/contract/views.ts';
import { Facts } from '../parts/Facts.tsx';
import { Figure } from '../parts/Figure.tsx';
import { addressOf, useAnswer, useAsk, useMay, useSeat } from '../state/station.ts';
import { countText, dateText, shareText } from '../words/format.ts';
import { bottleneckText, causeText, faultText, isOwn, words } from '../words/words.ts';
import { saveFile } from './download.ts';
import { OpenResults } from './OpenResults.tsx';
import { ThroughputNav } from './ThroughputNav.tsx';

/** What the shift made, what lies there unfinished, and what the next one should know: the hand-over. */
export function ShiftView() {
  const s = words.shift.sheet;
  const { store } = useSeat();
  const ask = useAsk();
  const [at, setAt] = useState<string | null>(null);
  const { value: shift, fault, again } = useAnswer('shift.read', { at });
  if (shift === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  const { counts } = shift;
  const print = async () => {
    const file = await ask('shift.sheet', { at });
    if (file === null) return;
    saveFile(file);
    store.dispatch({ type: 'said', words: words.devices.exported(file) });
  };
  return (
    <div className="device-screen">
      <ThroughputNav here="shift" />
      <header className="screen-head">
        <h1>{s.title({ shift: shift.shift })}</h1>
        <span className="push" />
        <Button variant="default" onClick={() => setAt(new Date(Date.parse(shift.from) - 1).toISOString())}>
          {s.before}
        </Button>
        {at !== null && (
          <Button variant="default" onClick={() => setAt(null)}>
            {s.now}
          </Button>
        )}
        <Button onClick={() => void print()}>{s.print}</Button>
      </header>
      <dl className="figures report-figures">
        <Figure name={words.batch.passed}>{countText(counts.passed)}</Figure>
        <Figure name={words.batch.failed} tone={counts.failed > 0 ? 'fail' : undefined}>
          {countText(counts.failed)}
        </Figure>
        <Figure name={words.batch.refused}>{countText(counts.refused)}</Figure>
        <Figure name={words.batch.unfinished}>{countText(counts.unfinished)}</Figure>
        <Figure name={words.batch.yield}>{shareText(counts.firstPassYield)}</Figure>
        <Figure name={s.perOperatorHour}>
          {shift.boardsPerOperatorHour === null ? '–' : countText(Math.round(shift.boardsPerOperatorHour))}
        </Figure>
        <Figure
          name={s.takt}
          note={shift.targetPerHour === null ? undefined : s.target({ boards: shift.targetPerHour })}
        >
          {shift.secondsPerBoard === null ? '–' : s.seconds({ seconds: shift.secondsPerBoard.toFixed(1) })}
        </Figure>
      </dl>
      <div className="record">
        {shift.isCut && <p className="condemned">{words.shift.groups.cut}</p>}
        {shift.bottleneck !== null && (
          <p className="bottleneck">
            {isOwn()
              ? `${words.throughput.bottleneck}: ${shift.bottleneck.words}`
              : words.throughput.bottleneckIs({
                  what: bottleneckText(shift.bottleneck.what),
                  share: shareText(shift.bottleneck.share),
                })}
          </p>
        )}
        <h2>{s.notes}</h2>
        {shift.notes.length === 0 && <p className="calm-note">{s.noNotes}</p>}
        <ul className="shift-notes">
          {shift.notes.map((note) => (
            <li key={note.at}>
              <span className="calm-note">
                {dateText(note.at)}, {note.by}
              </span>
              <span>{note.text}</span>
            </li>
          ))}
        </ul>
        {at === null && <Note onWritten={again} />}
        {at === null && <OpenResults />}
        <Left shift={shift} />
      </div>
    </div>
  );
}

function Note({ onWritten }: { onWritten(): void }) {
  const ask = useAsk();
  const may = useMay('shift.handOver');
  const [note, setNote] = useState('');
  if (!may) return null;
  const write = async () => {
    if ((await ask('shift.handOver', { note })) === null) return;
    setNote('');
    onWritten();
  };
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        void write();
      }}
    >
      <Textarea
        className="shift-note"
        label={words.shift.sheet.write}
        value={note}
        onChange={(event) => setNote(event.target.value)}
        autosize
        minRows={2}
        maxLength={2000}
        size="md"
      />
      <Button type="submit" disabled={note.trim() === ''}>
        {words.shift.sheet.handOver}
      </Button>
    </form>
  );
}

function Left({ shift }: { readonly shift: Shift }) {
  const s = words.shift.sheet;
  return (
    <>
      <h2>{s.open({ count: shift.open.length })}</h2>
      <ul className="causes">
        {shift.open.map(({ run, mac, fixture, cause }) => (
          <li key={run}>
            <strong>{fixture}</strong>
            <a className="mono" href={addressOf({ screen: 'runs', item: run })}>
              {mac ?? words.records.runsScreen.noMac}
            </a>
            <span className="mono">{cause ?? words.records.runsScreen.open}</span>
          </li>
        ))}
      </ul>
      <h2>{s.batches}</h2>
      <Facts
        rows={shift.batches.map(({ batch, sealed }) => [
          batch.id,
          <a key={batch.id} href={addressOf({ screen: 'batches', item: batch.id })}>
            {s.made({ order: batch.order ?? words.batch.noOrder, sealed, recipe: batch.recipe.name })}
          </a>,
        ])}
      />
      <h2>{words.throughput.pareto}</h2>
      {shift.causes.length === 0 && <p className="calm-note">{words.throughput.paretoNone}</p>}
      <ul className="causes">
        {shift.causes.map(({ code, words: said, boards }) => (
          <li key={code}>
            <strong>{countText(boards)}</strong>
            <span className="mono">{code}</span>
            <span>{causeText(code, said)}</span>
          </li>
        ))}
      </ul>
      <h2>{s.people}</h2>
      <Facts
        rows={shift.people.map(({ person, sealed, hours }) => [person, s.worked({ sealed, hours: hours.toFixed(1) })])}
      />
      {shift.contact.map(
        ({ fixture, boards, troubled, wear }) =>
          wear !== null && (
            <p key={fixture} className="notice" data-tone="warn">
              {words.throughput.wear({ fixture, boards, troubled })}
            </p>
          ),
      )}
    </>
  );
}
