import { Button } from '@mantine/core';
import { Facts } from '../parts/Facts.tsx';
import { FaultWords } from '../parts/FaultWords.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { deviceLooks } from '../parts/tone.ts';
import { goTo, useAnswer } from '../state/station.ts';
import { dateText } from '../words/format.ts';
import { faultText, words } from '../words/words.ts';
import { Events } from './Events.tsx';

const f = words.records.run.facts;

/** One try: at which board, where, by whom, how it ended, and every event of it. */
export function RunView({ run }: { readonly run: string }) {
  const { value, fault } = useAnswer('runs.show', { run });
  if (value === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  const { run: record, history } = value;
  const { mac, batch } = record;
  return (
    <div className="device-screen">
      <header className="screen-head">
        <Button variant="default" onClick={() => window.history.back()}>
          {words.back}
        </Button>
        <h1 className="mono">{words.records.run.title({ run: record.id })}</h1>
        <StateMark look={deviceLooks[record.outcome ?? 'open']} />
        <span className="push" />
        {batch !== null && (
          <Button variant="default" onClick={() => goTo('batches', batch)}>
            {words.records.run.batch}
          </Button>
        )}
        {value.device !== null && (
          <Button onClick={() => goTo('devices', value.device)}>{words.records.run.device}</Button>
        )}
      </header>
      <div className="record">
        {record.fault !== null && <FaultWords fault={record.fault} />}
        <Facts
          rows={[
            [f.mac, mac ?? words.records.runsScreen.noMac, 'mono'],
            [f.serial, record.serial],
            [f.recipe, `${record.recipe.name}, ${words.batch.revision(record.recipe)}`],
            [f.batch, batch],
            [f.fixture, record.fixture],
            [f.person, record.operator],
            [f.began, dateText(record.startedAt)],
            [f.ended, record.endedAt === null ? words.records.runsScreen.open : dateText(record.endedAt)],
          ]}
        />
        <h2>{words.records.run.history}</h2>
        {history.length === 0 ? <p className="calm-note">{words.records.run.none}</p> : <Events history={history} />}
      </div>
    </div>
  );
}
