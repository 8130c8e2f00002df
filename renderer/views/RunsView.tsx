import { Button, Select, TextInput } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { CallInput } from '../../main/contract/contract.ts';
import type { FoundRuns } from '../../main/contract/views.ts';
import { anyDay, DateSpan, momentsOf } from '../parts/DateSpan.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { deviceLooks } from '../parts/tone.ts';
import { type Column, VirtualTable } from '../parts/VirtualTable.tsx';
import { goTo, useApp, useAsk } from '../state/station.ts';
import { dateText } from '../words/format.ts';
import { words } from '../words/words.ts';
import { RecordsNav } from './RecordsNav.tsx';
import { RunView } from './RunView.tsx';

type Run = FoundRuns['runs'][number];
type Query = CallInput<'runs.search'>;
type Outcome = NonNullable<Query['outcome']>;

const r = words.records.runsScreen;
const pageRows = 200;
const quietMs = 200;
const outcomes: readonly Outcome[] = ['failed', 'errored', 'refused', 'aborted', 'passed', 'open'];
/** Begins the part of an address that is looked for, where else a run is named. */
const find = 'find=';

/** Address part of the runs that have this text (a fault's code, a fixture, a person). */
export function runsWith(text: string): string {
  return `${find}${text}`;
}

const columnsOf = (): readonly Column<Run>[] => [
  {
    key: 'outcome',
    title: r.columns.outcome,
    width: '118px',
    cell: ({ outcome }) => <StateMark look={deviceLooks[outcome ?? 'open']} />,
  },
  { key: 'at', title: r.columns.at, width: '190px', cell: (run) => dateText(run.endedAt ?? run.startedAt) },
  { key: 'mac', title: r.columns.mac, width: '150px', mono: true, cell: (run) => run.mac ?? r.noMac },
  { key: 'serial', title: r.columns.serial, width: 'minmax(100px, 1fr)', cell: (run) => run.serial ?? '–' },
  { key: 'fixture', title: r.columns.fixture, width: 'minmax(64px, 0.6fr)', cell: (run) => run.fixture },
  { key: 'person', title: r.columns.person, width: 'minmax(60px, 0.6fr)', cell: (run) => run.operator ?? '–' },
  { key: 'recipe', title: r.columns.recipe, width: 'minmax(82px, 1fr)', cell: (run) => run.recipe.name },
  { key: 'cause', title: r.columns.cause, width: 'minmax(100px, 1fr)', cell: (run) => run.fault?.code ?? '–' },
];

/** Every try that this station ever made, also at boards that told no MAC; or one of them. */
export function RunsView({ item }: { readonly item: string | null }) {
  const run = item === null || item.startsWith(find) ? null : item;
  const asked = item?.startsWith(find) ? item.slice(find.length) : '';
  return (
    <>
      <div className="devices-screen" hidden={run !== null}>
        <RunSearch key={asked} asked={asked} />
      </div>
      {run !== null && <RunView key={run} run={run} />}
    </>
  );
}

function RunSearch({ asked }: { readonly asked: string }) {
  const [text, setText] = useState(asked);
  const [order, setOrder] = useState('');
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [days, setDays] = useState(anyDay);
  const query = useMemo<Query>(
    () => ({
      ...(text.trim() !== '' && { text: text.trim() }),
      ...(order.trim() !== '' && { order: order.trim() }),
      ...(outcome !== null && { outcome }),
      ...momentsOf(days),
    }),
    [text, order, outcome, days],
  );
  const { runs, next, busy, readMore } = useRuns(query);
  return (
    <>
      <RecordsNav here="runs" />
      <header className="screen-head search-head">
        <h1>{r.title}</h1>
        <TextInput
          className="search-text search-short"
          label={words.records.search}
          placeholder={r.placeholder}
          value={text}
          onChange={(event) => setText(event.target.value)}
          data-scan="here"
          size="md"
        />
        <TextInput label={r.order} value={order} onChange={(event) => setOrder(event.target.value)} size="md" w={120} />
        <Select
          label={r.outcome}
          placeholder={r.any}
          data={outcomes.map((value) => ({ value, label: value === 'open' ? r.open : words.outcome[value] }))}
          value={outcome}
          onChange={(value) => setOutcome(value as Outcome | null)}
          clearable
          size="md"
          w={130}
          clearButtonProps={{ 'aria-label': r.any }}
        />
        <DateSpan days={days} onChange={setDays} width={150} />
      </header>
      <p className="found" role="status">
        {runs === null
          ? words.loading
          : next === null
            ? r.found({ count: runs.length })
            : r.foundSoFar({ count: runs.length })}
        {next !== null && (
          <Button variant="subtle" size="compact-sm" onClick={() => void readMore()} loading={busy}>
            {words.records.more}
          </Button>
        )}
      </p>
      {runs !== null && runs.length === 0 ? (
        <div className="empty">
          <p>{next === null ? r.none : r.noneYet}</p>
        </div>
      ) : (
        <VirtualTable
          label={r.title}
          columns={columnsOf()}
          rows={runs ?? []}
          keyOf={(run) => run.id}
          onOpen={(run) => goTo('runs', run.id)}
          onEnd={() => void readMore()}
          busy={busy}
        />
      )}
    </>
  );
}

/** The runs that fit, page after page. Answers to an older question are dropped. */
function useRuns(query: Query) {
  const ask = useAsk();
  const open = useApp((state) => state.link === 'open');
  const [found, setFound] = useState<{ runs: readonly Run[] | null; next: number | null }>({ runs: null, next: null });
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);
  useEffect(() => {
    if (!open) return;
    const mine = ++turn.current;
    const read = async () => {
      setBusy(true);
      const page = await ask('runs.search', { ...query, limit: pageRows });
      if (mine !== turn.current) return;
      setBusy(false);
      if (page !== null) setFound(page);
    };
    const timer = setTimeout(() => void read(), quietMs);
    return () => clearTimeout(timer);
  }, [ask, query, open]);
  const readMore = async () => {
    if (found.next === null || found.runs === null || busy) return;
    const mine = turn.current;
    setBusy(true);
    const page = await ask('runs.search', { ...query, limit: pageRows, before: found.next });
    if (mine !== turn.current) return;
    setBusy(false);
    if (page !== null) setFound({ runs: [...found.runs, ...page.runs], next: page.next });
  };
  return { ...found, busy, readMore };
}
