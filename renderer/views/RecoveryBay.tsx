import { Button, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { RecoveryView } from '../../main/contract/views.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { outcomeLooks, recoveryLooks } from '../parts/tone.ts';
import { goTo, useApp, useAsk, useMay, useSeat } from '../state/station.ts';
import { dateText } from '../words/format.ts';
import { boardText, words } from '../words/words.ts';
import { BoardAct } from './BoardAct.tsx';

const r = words.recovery;
type Report = RecoveryView['report'];

/** Any board, read and explained; what can be done with it from here. */
export function RecoveryBay() {
  const { store } = useSeat();
  const ask = useAsk();
  const fixtures = useApp((state) => state.line?.fixtures) ?? [];
  const [fixture, setFixture] = useState<string | null>(() => fixtures[0]?.name ?? null);
  const [label, setLabel] = useState('');
  const [busy, setBusy] = useState(false);
  const [view, setView] = useState<RecoveryView | null>(null);
  const [asking, setAsking] = useState<'finish' | 'release' | 'condemn' | null>(null);
  const named = label.trim() === '' ? null : label.trim();
  const read = async () => {
    if (fixture === null) return;
    setBusy(true);
    setView(null);
    setView(await ask('boards.read', { fixture, named }));
    setBusy(false);
  };
  const finish = async (recipe: string) => {
    if (fixture === null) return;
    setAsking(null);
    setBusy(true);
    const end = await ask('boards.finish', { fixture, recipe, named, serial: view?.report.serial ?? null });
    setBusy(false);
    if (end === null) return;
    const outcome = words.outcome[end.outcome];
    const told = end.mac === null ? r.finished({ outcome }) : r.finishedOf({ outcome, mac: end.mac });
    if (end.fault === null) store.dispatch({ type: 'said', words: told });
    else store.dispatch({ type: 'fault', fault: end.fault, call: 'boards.finish', kind: 'fault' });
    await read();
  };
  return (
    <div className="record recovery">
      <p>{r.words}</p>
      <div className="row">
        <Select
          label={r.fixture}
          data={fixtures.map(({ name }) => name)}
          value={fixture}
          onChange={setFixture}
          allowDeselect={false}
          size="md"
        />
        <TextInput
          label={r.named}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
          autoComplete="off"
          data-scan="here"
          size="md"
          className="recovery-label"
        />
        <Button size="md" onClick={read} loading={busy} disabled={fixture === null}>
          {r.read}
        </Button>
      </div>
      <div aria-live="polite">
        {busy && <p className="calm-note">{r.reading}</p>}
        {view !== null && <Found view={view} onAsk={setAsking} />}
      </div>
      {asking === 'finish' && view?.recipe != null && (
        <Dialog title={r.finishGo} open onClose={() => setAsking(null)}>
          <p>{r.finishWords}</p>
          <DialogActs
            act={r.finishGo}
            onCancel={() => setAsking(null)}
            onAct={() => void finish(view.recipe!)}
            first="cancel"
          />
        </Dialog>
      )}
      {(asking === 'release' || asking === 'condemn') && view?.report.mac != null && (
        <BoardAct
          what={asking}
          mac={view.report.mac}
          onClose={() => setAsking(null)}
          onDone={() => {
            setAsking(null);
            void read();
          }}
        />
      )}
    </div>
  );
}

/** What the look gave, the answer first. */
function Found({
  view: { report, recipe },
  onAsk,
}: {
  readonly view: RecoveryView;
  onAsk(what: 'finish' | 'release' | 'condemn'): void;
}) {
  const mayFinish = useMay('boards.finish');
  const mayEnd = useMay('boards.condemn');
  const can = (act: Report['acts'][number]) => report.acts.includes(act);
  const { mac } = report;
  const { what, next, isOwn } = boardText(report);
  return (
    <>
      <div className="recovery-verdict">
        <StateMark look={recoveryLooks[report.state]} />
        {!isOwn && (
          <>
            <p>{what}</p>
            <p className="calm-note">{next}</p>
          </>
        )}
        <p className={isOwn ? undefined : 'calm-note'} lang="en">
          {report.what}
        </p>
        <p className="calm-note" lang="en">
          {report.next}
        </p>
        <div className="row">
          {mayFinish && can('finish') && report.finish.possible !== false && recipe !== null && (
            <Button onClick={() => onAsk('finish')}>{r.finishGo}</Button>
          )}
          {mayEnd && can('release') && (
            <Button variant="default" onClick={() => onAsk('release')}>
              {r.release}
            </Button>
          )}
          {mayEnd && can('condemn') && (
            <Button variant="default" onClick={() => onAsk('condemn')}>
              {r.condemn}
            </Button>
          )}
          {mac !== null && report.runs.length > 0 && (
            <Button variant="subtle" onClick={() => goTo('devices', mac)}>
              {r.device}
            </Button>
          )}
        </div>
      </div>
      <div className="recovery-parts">
        <Panel title={r.board}>
          <Facts
            rows={[
              [r.facts.chip, report.chip === null ? words.unknown : report.chip.title],
              [r.facts.mac, mac ?? r.notReadable, 'mono'],
              [r.facts.serial, report.serial, 'mono'],
              [r.facts.door, r.door[report.door]],
            ]}
          />
        </Panel>
        <Panel title={`${r.finish} ${possibleText(report.finish.possible)}`}>
          <Lines lines={report.finish.why} />
          {report.finish.left.length > 0 && <h3>{r.left}</h3>}
          <Lines lines={report.finish.left} />
        </Panel>
        {report.lost.length > 0 && (
          <Panel title={r.lost}>
            <Lines lines={report.lost} />
          </Panel>
        )}
        {report.waiting.length > 0 && (
          <Panel title={r.waiting}>
            <Lines lines={report.waiting.map((one) => `${one.mac} ${one.serial ?? ''}`)} />
          </Panel>
        )}
      </div>
      <Panel title={r.burned}>
        <Burned burned={report.burned} />
      </Panel>
      <Panel title={r.runs}>
        <Runs runs={report.runs} />
      </Panel>
    </>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <ul className="recovery-lines" lang="en">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function Burned({ burned }: { readonly burned: Report['burned'] }) {
  if (burned.length === 0) return <p className="calm-note">{r.nothingBurned}</p>;
  return (
    <Scroll>
      <table className="plain">
        <thead>
          <tr>
            <th>{r.columns.where}</th>
            <th>{r.columns.what}</th>
            <th>{r.columns.by}</th>
          </tr>
        </thead>
        <tbody>
          {burned.map(({ where, what, by }) => (
            <tr key={where}>
              <th scope="row" className="mono">
                {where}
              </th>
              <td lang="en">{what}</td>
              <td>{by === null ? r.byNobody : `${dateText(by.at)}, ${runText(by)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function runText({ run, fixture, operator }: NonNullable<Report['burned'][number]['by']>): string {
  return operator === null ? r.byRun({ run, fixture }) : r.byRunOf({ run, fixture, operator });
}

function possibleText(possible: boolean | null): string {
  if (possible === null) return words.unknown;
  return possible ? words.yes : words.no;
}

function Runs({ runs }: { readonly runs: Report['runs'] }) {
  if (runs.length === 0) return <p className="calm-note">{r.noRuns}</p>;
  return (
    <Scroll>
      <table className="plain">
        <thead>
          <tr>
            <th>{r.runColumns.at}</th>
            <th>{r.runColumns.recipe}</th>
            <th>{r.runColumns.fixture}</th>
            <th>{r.runColumns.end}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run}>
              <td>{dateText(run.at)}</td>
              <td>{`${run.recipe.name}, ${words.batch.revision(run.recipe)}`}</td>
              <td>{run.fixture}</td>
              <td>
                {run.outcome === null ? r.notEnded : <StateMark look={outcomeLooks[run.outcome]} />}
                {run.fault !== null && (
                  <span className="calm-note" lang="en">
                    {' '}
                    {run.fault}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
