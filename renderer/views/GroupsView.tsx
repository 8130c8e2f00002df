import { Select } from '@mantine/core';
import { useState } from 'react';
import type { RunGroupBy } from '../../main/contract/views.ts';
import { DateSpan, momentsOf } from '../parts/DateSpan.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { addressOf, useAnswer } from '../state/station.ts';
import { countText, shareText } from '../words/format.ts';
import { faultText, firstDay, words } from '../words/words.ts';
import { ThroughputNav } from './ThroughputNav.tsx';

const ways: readonly RunGroupBy[] = [
  'recipe',
  'revision',
  'order',
  'batch',
  'shift',
  'week',
  'day',
  'hour',
  'fixture',
  'person',
];

/** A day by this computer's clock, as a date field has it. */
function dayText(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** How boards went in a span of days, by what they share. */
export function GroupsView() {
  const g = words.shift.groups;
  const [by, setBy] = useState<RunGroupBy>('recipe');
  const [days, setDays] = useState(() => ({ from: dayText(Date.now() - 6 * 86_400_000), to: dayText(Date.now()) }));
  const { from, to } = momentsOf(days);
  const { value, fault } = useAnswer(
    'throughput.groups',
    from !== undefined && to !== undefined && days.from <= days.to ? { from, to, by, firstDay: firstDay() } : null,
  );
  return (
    <div className="devices-screen">
      <ThroughputNav here="groups" />
      <header className="screen-head search-head">
        <h1>{words.shift.parts.groups}</h1>
        <Select
          label={g.by}
          data={ways.map((way) => ({ value: way, label: g.ways[way] }))}
          value={by}
          onChange={(next) => next !== null && setBy(next as RunGroupBy)}
          allowDeselect={false}
          size="md"
          w={180}
        />
        <DateSpan days={days} onChange={setDays} width={150} />
      </header>
      <p className="found" role="status">
        {fault !== null ? faultText(fault).what : value === null ? words.loading : value.isCut ? g.cut : ''}
      </p>
      {value !== null && (
        <Scroll className="list">
          <table className="plain">
            <thead>
              <tr>
                <th>{g.ways[by]}</th>
                <th className="num">{words.batch.passed}</th>
                <th className="num">{words.batch.failed}</th>
                <th className="num">{words.batch.refused}</th>
                <th className="num">{words.batch.unfinished}</th>
                <th className="num">{words.batch.again}</th>
                <th className="num">{words.batch.yield}</th>
                <th className="num">{g.mean}</th>
                <th className="num">{g.pace}</th>
              </tr>
            </thead>
            <tbody>
              {value.groups.map(({ key, counts, meanSeconds, secondsPerBoard }) => (
                <tr key={key}>
                  <th scope="row">
                    {by === 'batch' && key !== '-' ? (
                      <a href={addressOf({ screen: 'batches', item: key })}>{key}</a>
                    ) : (
                      key
                    )}
                  </th>
                  <td className="num">{countText(counts.passed)}</td>
                  <td className="num">{countText(counts.failed)}</td>
                  <td className="num">{countText(counts.refused)}</td>
                  <td className="num">{countText(counts.unfinished)}</td>
                  <td className="num">{countText(counts.retries)}</td>
                  <td className="num">{shareText(counts.firstPassYield)}</td>
                  <td className="num">{meanSeconds === null ? '–' : g.seconds({ seconds: meanSeconds.toFixed(1) })}</td>
                  <td className="num">
                    {secondsPerBoard ? g.perHour({ boards: Math.round(3600 / secondsPerBoard) }) : '–'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {value.groups.length === 0 && <p className="calm-note">{g.empty}</p>}
        </Scroll>
      )}
    </div>
  );
}
