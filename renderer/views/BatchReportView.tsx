import { Button, Menu, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { BatchReport } from '../../main/contract/views.ts';
import { Facts } from '../parts/Facts.tsx';
import { Figure } from '../parts/Figure.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { deviceLooks } from '../parts/tone.ts';
import { addressOf, goTo, useAnswer, useAsk, useMay, useSeat } from '../state/station.ts';
import { countText, dateText, shareText } from '../words/format.ts';
import { causeText, faultText, words } from '../words/words.ts';
import { saveFile } from './download.ts';
import { runsWith } from './RunsView.tsx';

const b = words.records.batch;
/** Boards in the page; the report has all. */
const mostShown = 500;

/** What became of a batch: counts, causes, fixtures, and every board with the run that decided it. */
export function BatchReportView({ batch }: { readonly batch: string }) {
  const { value: report, fault, again } = useAnswer('batches.show', { batch });
  if (report === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  const { counts } = report;
  const { order, count, recipe, id } = report.batch;
  return (
    <div className="device-screen">
      <header className="screen-head">
        <Button variant="default" onClick={() => goTo('batches')}>
          {words.back}
        </Button>
        <h1>{order ?? words.batch.noOrder}</h1>
        <span className="push" />
        <Button variant="default" onClick={again}>
          {words.records.again}
        </Button>
        <Acts batch={id} />
      </header>
      <dl className="figures report-figures">
        <Figure name={words.batch.passed}>{countText(counts.passed)}</Figure>
        <Figure name={words.batch.failed} tone={counts.failed > 0 ? 'fail' : undefined}>
          {countText(counts.failed)}
        </Figure>
        <Figure name={words.batch.refused}>{countText(counts.refused)}</Figure>
        <Figure name={words.batch.unfinished}>{countText(counts.unfinished)}</Figure>
        <Figure name={words.batch.again}>{countText(counts.retries)}</Figure>
        <Figure name={words.batch.left} note={count === null ? undefined : words.batch.of({ count })}>
          {report.left === null ? '∞' : countText(report.left)}
        </Figure>
        <Figure name={words.batch.yield}>{shareText(counts.firstPassYield)}</Figure>
      </dl>
      <div className="record">
        {report.isCut && <p className="condemned">{b.cut}</p>}
        <Facts
          rows={[
            [words.devices.columns.batch, id, 'mono'],
            [words.batch.recipe, `${recipe.name}, ${words.batch.revision(recipe)}`],
            [words.records.run.facts.began, dateText(report.batch.openedAt)],
            [
              words.records.run.facts.ended,
              report.batch.closedAt === null ? words.records.batchesScreen.running : dateText(report.batch.closedAt),
            ],
            [b.people, report.people.join(', ')],
            [b.mean, report.meanSeconds === null ? null : b.seconds({ seconds: report.meanSeconds.toFixed(1) })],
            [
              b.pace,
              report.secondsPerBoard
                ? b.perHour({
                    seconds: report.secondsPerBoard.toFixed(1),
                    boards: Math.round(3600 / report.secondsPerBoard),
                  })
                : null,
            ],
          ]}
        />
        <h2>{b.causes}</h2>
        {report.causes.length === 0 && <p className="calm-note">{b.noCauses}</p>}
        <ul className="causes">
          {report.causes.map(({ code, words: said, boards }) => (
            <li key={code}>
              <strong>{countText(boards)}</strong>
              <a className="mono" href={addressOf({ screen: 'runs', item: runsWith(code) })}>
                {code}
              </a>
              <span>{causeText(code, said)}</span>
            </li>
          ))}
        </ul>
        <h2>{b.fixtures}</h2>
        <Facts
          rows={report.fixtures.map(({ fixture, passed, others }) => [fixture, b.tried({ passed, others })] as const)}
        />
        <Boards report={report} />
        {report.head !== null && <Head head={report.head} />}
      </div>
    </div>
  );
}

/** The command that holds the ledger against a head. */
const holding = 'audit verify --head';

/** The ledger as it stands: whoever keeps a print of it sees later whether rows were taken out or written anew. */
function Head({ head: { line, code } }: { readonly head: NonNullable<BatchReport['head']> }) {
  return (
    <>
      <h2>{b.head}</h2>
      <p className="calm-note">
        {b.headWhy} <code className="mono">{holding}</code>
      </p>
      <div className="row">
        <img
          className="head-code"
          src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(code)}`}
          alt={b.headCode}
          width={120}
          height={120}
        />
        <code className="head-line mono">{line}</code>
      </div>
    </>
  );
}

function Boards({ report: { boards } }: { readonly report: BatchReport }) {
  const open = boards.filter(({ state }) => state !== 'passed');
  const [which, setWhich] = useState<'open' | 'all'>(open.length > 0 ? 'open' : 'all');
  const rows = which === 'open' ? open : boards;
  return (
    <>
      <div className="row">
        <h2>{b.boards}</h2>
        <SegmentedControl
          aria-label={b.show}
          value={which}
          onChange={(next) => setWhich(next as 'open' | 'all')}
          data={[
            { value: 'open', label: b.notSealed({ count: open.length }) },
            { value: 'all', label: b.all({ count: boards.length }) },
          ]}
          transitionDuration={0}
        />
      </div>
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{words.devices.columns.state}</th>
              <th>{words.devices.columns.mac}</th>
              <th>{words.devices.columns.serial}</th>
              <th className="num">{b.tries}</th>
              <th>{words.records.run.facts.fixture}</th>
              <th>{words.records.run.facts.ended}</th>
              <th>{b.cause}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, mostShown).map((board) => (
              <tr key={board.run}>
                <td>
                  <StateMark look={deviceLooks[board.state === 'passed' ? 'sealed' : board.state]} />
                </td>
                <th scope="row" className="mono">
                  {board.mac === null || board.state === 'refused' ? (
                    // one that was not let in need be no device of this ledger: its run, beside it, says more
                    (board.mac ?? words.records.runsScreen.noMac)
                  ) : (
                    <a href={addressOf({ screen: 'devices', item: board.mac })}>{board.mac}</a>
                  )}
                </th>
                <td>{board.serial ?? '–'}</td>
                <td className="num">{board.tries}</td>
                <td>{board.fixture}</td>
                <td>
                  <a href={addressOf({ screen: 'runs', item: board.run })}>{dateText(board.at)}</a>
                </td>
                <td className="mono">{board.cause ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {rows.length > mostShown && <p className="calm-note">{b.boardsMore({ shown: mostShown, all: rows.length })}</p>}
    </>
  );
}

/** What goes out of the station as a file. */
function Acts({ batch }: { readonly batch: string }) {
  const { store } = useSeat();
  const ask = useAsk();
  const mayReport = useMay('batches.report');
  const mayCertify = useMay('batches.certificate');
  const save = async (answer: Promise<Parameters<typeof saveFile>[0] | null>) => {
    const file = await answer;
    if (file === null) return;
    saveFile(file);
    store.dispatch({ type: 'said', words: words.devices.exported(file) });
  };
  return (
    <>
      {mayReport && (
        <Menu transitionProps={{ duration: 0 }} position="bottom-end">
          <Menu.Target>
            <Button>{b.report}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            {(['pdf', 'csv', 'json'] as const).map((form) => (
              <Menu.Item key={form} onClick={() => void save(ask('batches.report', { batch, form }))}>
                {b.reportAs[form]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {mayCertify && (
        <Menu transitionProps={{ duration: 0 }} position="bottom-end">
          <Menu.Target>
            <Button variant="default">{b.certificate}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            {(['cose', 'pdf'] as const).map((form) => (
              <Menu.Item key={form} onClick={() => void save(ask('batches.certificate', { batch, form }))}>
                {words.devices.certificateAs[form]}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}
