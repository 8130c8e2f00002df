import { TextInput } from '@mantine/core';
import { useState } from 'react';
import type { PlantOverview, StationOverview } from '../../main/contract/views.ts';
import { conflictIn, fieldIn } from '../../main/words/conflicts.ts';
import { Panel } from '../parts/Panel.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { useAnswer } from '../state/station.ts';
import { countText, dateText, shareText, timeText } from '../words/format.ts';
import { causeText, faultText, words } from '../words/words.ts';
import { ThroughputNav } from './ThroughputNav.tsx';

const everyMs = 5000;
/** A station that said nothing for so long is marked: it says something every few seconds while it is open. */
const silentMs = 5 * 60_000;
/** Oldest conflicts that are shown; the terminal lists all (plant status). */
const shownConflicts = 5;

/** All stations of the plant: pace, yield, faults, what waits, what needs somebody; and a search over all of them. */
export function PlantView() {
  const p = words.plant;
  const { value, fault } = useAnswer('plant.view', {}, { everyMs });
  const away = value?.fault ?? fault;
  return (
    <div className="devices-screen plant-screen">
      <ThroughputNav here="plant" />
      <header className="screen-head search-head">
        <h1>{words.shift.parts.plant}</h1>
        {value?.overview && <Search />}
      </header>
      {away !== null && (
        <p className="condemned" role="alert">
          <strong>{faultText(away).what}</strong>{' '}
          {value?.readAt ? p.lastWord({ time: dateText(value.readAt) }) : p.noWord}{' '}
          <span className="mono">{away.code}</span>
        </p>
      )}
      {value?.overview ? (
        <Overview overview={value.overview} isOld={away !== null} />
      ) : (
        away === null && <p className="calm-note page-note">{value === null ? words.loading : p.none}</p>
      )}
    </div>
  );
}

function Overview({ overview, isOld }: { readonly overview: PlantOverview; readonly isOld: boolean }) {
  const p = words.plant;
  const { stations, faults, orders, conflicts, at } = overview;
  return (
    <Scroll className="list">
      {conflicts.length > 0 && (
        <section className="plant-conflicts">
          <h2>
            <StateMark look={{ tone: 'warn', shape: 'pause', word: p.conflicts({ count: conflicts.length }) }} />
          </h2>
          <ul>
            {conflicts.slice(0, shownConflicts).map((conflict) => (
              <li key={conflict.id}>
                <time dateTime={conflict.at}>{dateText(conflict.at)}</time> {conflict.id}:{' '}
                {conflictIn(words.plant.conflict, words.plant.fields, conflict)}
              </li>
            ))}
          </ul>
        </section>
      )}
      <table className="plain plant-stations">
        <thead>
          <tr>
            <th>{p.station}</th>
            <th>{p.state}</th>
            <th className="num">{p.hour}</th>
            <th className="num">{p.takt}</th>
            <th className="num">{p.day}</th>
            <th className="num">{words.batch.failed}</th>
            <th className="num">{words.batch.refused}</th>
            <th className="num">{words.throughput.yield}</th>
            <th className="num">{p.lag}</th>
            <th className="num">{p.sealed}</th>
            <th>{p.seen}</th>
          </tr>
        </thead>
        <tbody>
          {stations.map((station) => (
            <Row key={station.name} station={station} at={Date.parse(at)} isOld={isOld} />
          ))}
        </tbody>
      </table>
      {stations.length === 0 && <p className="calm-note">{p.noStations}</p>}
      <div className="plant-panels">
        <Panel title={p.faults}>
          {faults.length === 0 && <p className="calm-note">{p.noFaults}</p>}
          <ol className="causes">
            {faults.map(({ station, code, count }) => (
              <li key={`${station} ${code}`}>
                <strong>{countText(count)}</strong>
                <span>{station}</span>
                <span>{causeText(code, code)}</span>
              </li>
            ))}
          </ol>
        </Panel>
        <Panel title={p.orders}>
          {orders.length === 0 && <p className="calm-note">{p.noOrders}</p>}
          <ul className="plant-orders">
            {orders.map(({ name, boards, held }) => (
              <li key={name}>
                <strong>{name}</strong> {p.places({ held: held.reduce((sum, { places }) => sum + places, 0), boards })}
                {held.map(({ station, places, byLease }) => (
                  <span key={`${station} ${byLease}`}>
                    {byLease ? p.byLease({ station, places }) : p.byShare({ station, places })}
                  </span>
                ))}
              </li>
            ))}
          </ul>
        </Panel>
      </div>
    </Scroll>
  );
}

function Row({
  station,
  at,
  isOld,
}: {
  readonly station: StationOverview;
  readonly at: number;
  readonly isOld: boolean;
}) {
  const p = words.plant;
  const { name, lag, seenAt, sealed, lastHour, taktSeconds, lastDay } = station;
  const isSilent = seenAt === null || at - Date.parse(seenAt) > silentMs;
  const tried = lastDay.passed + lastDay.failed;
  const look = isOld
    ? ({ tone: 'dim', shape: 'gap', word: p.states.unknown } as const)
    : isSilent
      ? ({ tone: 'warn', shape: 'pause', word: seenAt === null ? p.states.never : p.states.silent } as const)
      : ({ tone: 'dim', shape: 'ring', word: lag === 0 ? p.states.level : p.states.sending } as const);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <StateMark look={look} />
      </td>
      <td className="num">{countText(lastHour)}</td>
      <td className="num">
        {taktSeconds === null ? '–' : words.shift.groups.seconds({ seconds: taktSeconds.toFixed(1) })}
      </td>
      <td className="num">{countText(lastDay.passed)}</td>
      <td className="num">{countText(lastDay.failed)}</td>
      <td className="num">{countText(lastDay.refused)}</td>
      <td className="num">{shareText(tried > 0 ? lastDay.passed / tried : null)}</td>
      <td className="num">{countText(lag)}</td>
      <td className="num">{countText(sealed)}</td>
      <td>{seenAt === null ? '–' : isSilent ? dateText(seenAt) : timeText(seenAt)}</td>
    </tr>
  );
}

function Search() {
  const p = words.plant;
  const [text, setText] = useState('');
  const asked = text.trim();
  const { value, fault } = useAnswer('plant.search', asked.length < 2 ? null : { text: asked }, { debounceMs: 250 });
  return (
    <>
      <TextInput
        className="search-text"
        label={p.search}
        placeholder={p.placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        data-scan="here"
        size="md"
      />
      {asked.length >= 2 && (
        <div className="plant-found" role="status">
          {fault !== null && <p>{faultText(fault).what}</p>}
          {value?.found.length === 0 && <p className="calm-note">{p.notFound}</p>}
          {value?.isCut === true && <p className="calm-note">{p.cut}</p>}
          {value !== null && value.found.length > 0 && (
            <Scroll>
              <table className="plain">
                <thead>
                  <tr>
                    <th>{p.station}</th>
                    <th>{words.devices.columns.mac}</th>
                    <th>{words.devices.columns.serial}</th>
                    <th>{words.devices.columns.state}</th>
                    <th>{words.devices.columns.at}</th>
                    <th>{p.found}</th>
                  </tr>
                </thead>
                <tbody>
                  {value.found.map(({ station, mac, serial, field, value: text, at, outcome }) => (
                    <tr key={`${station} ${mac} ${field} ${text}`}>
                      <td>{station}</td>
                      <th scope="row" className="mono">
                        {mac ?? '–'}
                      </th>
                      <td className="mono">{serial ?? '–'}</td>
                      <td>{outcomeText(outcome)}</td>
                      <td>{at === null ? '–' : dateText(at)}</td>
                      <td className="mono digest">
                        {fieldText(field)}: {text}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
        </div>
      )}
    </>
  );
}

const fieldText = (field: string): string => fieldIn(words.plant.fields, field);

function outcomeText(outcome: string | null): string {
  if (outcome === null) return words.devices.still;
  return Object.hasOwn(words.outcome, outcome) ? words.outcome[outcome as keyof typeof words.outcome] : outcome;
}
