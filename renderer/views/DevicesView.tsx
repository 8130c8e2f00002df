import { Button, Menu, Select, TextInput } from '@mantine/core';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { CallInput, ExportForm } from '../../main/contract/contract.ts';
import type { DevicePage } from '../../main/contract/views.ts';
import { anyDay, DateSpan, momentsOf } from '../parts/DateSpan.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { deviceLooks } from '../parts/tone.ts';
import { type Column, VirtualTable } from '../parts/VirtualTable.tsx';
import { faultOf } from '../state/follow.ts';
import { goTo, useApp, useAsk, useMay, useSeat } from '../state/station.ts';
import { countText, dateText } from '../words/format.ts';
import { words } from '../words/words.ts';
import { DeviceView } from './DeviceView.tsx';
import { saveFile } from './download.ts';
import { Questions } from './Questions.tsx';
import { RecordsNav } from './RecordsNav.tsx';

type Row = DevicePage['rows'][number];
type Query = CallInput<'devices.search'>;
type Outcome = NonNullable<Query['outcome']>;

/** Rows asked for at a time. */
const pageRows = 200;
/** Quiet time after a keystroke before the ledger is asked, in ms. */
const quietMs = 120;
const outcomes: readonly Outcome[] = ['sealed', 'passed', 'failed', 'refused', 'errored', 'aborted', 'open'];

/** In the language in use. */
const columnsNow = (): readonly Column<Row>[] => [
  {
    key: 'state',
    title: words.devices.columns.state,
    width: '118px',
    cell: (row) => <StateMark look={deviceLooks[row.state]} />,
  },
  { key: 'mac', title: words.devices.columns.mac, width: '150px', mono: true, cell: (row) => row.mac },
  { key: 'serial', title: words.devices.columns.serial, width: 'minmax(110px, 1fr)', cell: (row) => row.serial ?? '–' },
  {
    key: 'recipe',
    title: words.devices.columns.recipe,
    width: 'minmax(132px, 1.2fr)',
    cell: (row) => `${row.recipe.name}, ${words.batch.revision(row.recipe)}`,
  },
  { key: 'batch', title: words.devices.columns.batch, width: 'minmax(110px, 1fr)', cell: (row) => row.batch ?? '–' },
  { key: 'at', title: words.devices.columns.at, width: '190px', cell: (row) => dateText(row.lastAt) },
  { key: 'attempts', title: words.devices.columns.attempts, width: '64px', cell: (row) => row.attempts },
];

/** Every board this station ever had, found as one types; or the page of one of them. */
export function DevicesView({ mac }: { readonly mac: string | null }) {
  return (
    <>
      <div className="devices-screen" hidden={mac !== null}>
        <DeviceSearch hidden={mac !== null} />
      </div>
      {mac !== null && <DeviceView key={mac} mac={mac} />}
    </>
  );
}

function DeviceSearch({ hidden }: { readonly hidden: boolean }) {
  const { store } = useSeat();
  const ask = useAsk();
  const mayExport = useMay('devices.export');
  const [text, setText] = useState('');
  const [question, setQuestion] = useState<string | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [days, setDays] = useState(anyDay);
  const field = useRef<HTMLInputElement>(null);
  const columns = useMemo(columnsNow, []);

  const query = useMemo<Query>(
    () => ({
      ...(text.trim() !== '' && { text: text.trim() }),
      ...(question !== null && { question }),
      ...(outcome !== null && { outcome }),
      ...momentsOf(days),
    }),
    [text, question, outcome, days],
  );
  const { rows, more, ms, busy, readMore, isCurrent } = useDevicePages(query);
  // A scanner presses Enter before the ledger has answered: the one device is opened when it has.
  const [isWanted, setWanted] = useState(false);
  const only = rows.length === 1 && !more ? (rows[0]?.mac ?? null) : null;
  useEffect(() => {
    if (!isWanted || !isCurrent) return;
    setWanted(false);
    if (!hidden && only !== null) goTo('devices', only);
  }, [isWanted, isCurrent, only, hidden]);

  useEffect(() => {
    if (hidden) return;
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== '/' || typing) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [hidden]);

  const exportAs = async (form: ExportForm) => {
    const file = await ask('devices.export', { query, form });
    if (file === null) return;
    saveFile(file);
    store.dispatch({ type: 'said', words: words.devices.exported(file) });
  };

  return (
    <>
      <RecordsNav here="devices" />
      <header className="screen-head search-head">
        <h1>{words.devices.title}</h1>
        <TextInput
          ref={field}
          className="search-text"
          label={words.devices.search}
          placeholder={words.devices.placeholder}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setQuestion(null);
            setWanted(false);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') setWanted(text.trim() !== '');
            else if (event.key === 'ArrowDown')
              document.querySelector<HTMLElement>('.vtable-row[tabindex="0"]')?.focus();
          }}
          data-scan="here"
          data-autofocus
          size="md"
        />
        <Select
          label={words.devices.outcome}
          placeholder={words.devices.any}
          data={outcomes.map((value) => ({ value, label: words.outcome[value] }))}
          value={outcome}
          onChange={(value) => setOutcome(value as Outcome | null)}
          clearable
          size="md"
          w={150}
          clearButtonProps={{ 'aria-label': words.devices.any }}
        />
        <DateSpan days={days} onChange={setDays} width={150} />
        <Questions
          query={query}
          asked={question}
          onAsk={(name) => {
            setQuestion(name);
            setText('');
          }}
        />
        {mayExport && (
          <Menu transitionProps={{ duration: 0 }} position="bottom-end">
            <Menu.Target>
              <Button variant="default" size="md">
                {words.devices.export}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {(['csv', 'json', 'pdf', 'registration', 'aws', 'azure'] as const).map((form) => (
                <Menu.Item key={form} onClick={() => exportAs(form)}>
                  {words.devices.exportAs[form]}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </header>
      <p className="found" role="status">
        {question !== null && `${question}: `}
        {ms === null
          ? words.loading
          : words.devices.found({
              count: `${countText(rows.length)}${more ? '+' : ''}`,
              ms: ms < 1 ? '<1' : Math.round(ms),
            })}
      </p>
      {ms !== null && rows.length === 0 ? (
        <div className="empty">
          <p>{words.devices.none}</p>
          <p className="calm-note">{words.devices.noneNext}</p>
        </div>
      ) : (
        <VirtualTable
          label={words.devices.title}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.mac}
          onOpen={(row) => goTo('devices', row.mac)}
          onEnd={readMore}
          busy={busy}
        />
      )}
    </>
  );
}

/** The rows that fit, page after page as the end comes into sight. Answers to an older question are dropped. */
function useDevicePages(query: Query) {
  const { bridge, store } = useSeat();
  const open = useApp((state) => state.link === 'open');
  const [found, setFound] = useState<{
    rows: readonly Row[];
    more: boolean;
    ms: number | null;
    /** What was asked for these rows. */
    query: Query | null;
  }>({ rows: [], more: false, ms: null, query: null });
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);

  useEffect(() => {
    if (!open) return;
    const mine = ++turn.current;
    const ask = async () => {
      setBusy(true);
      try {
        const page = await bridge.call('devices.search', { ...query, limit: pageRows, offset: 0 });
        store.dispatch({ type: 'succeeded', call: 'devices.search' });
        if (mine === turn.current) setFound({ rows: page.rows, more: page.more, ms: page.ms, query });
      } catch (error) {
        if (mine === turn.current)
          store.dispatch({ type: 'fault', fault: faultOf(error), call: 'devices.search', kind: 'fault' });
      }
      if (mine === turn.current) setBusy(false);
    };
    const timer = setTimeout(() => void ask(), quietMs);
    return () => clearTimeout(timer);
  }, [bridge, store, query, open]);

  const readMore = useCallback(async () => {
    if (!found.more || busy) return;
    const mine = turn.current;
    setBusy(true);
    try {
      const page = await bridge.call('devices.search', { ...query, limit: pageRows, offset: found.rows.length });
      if (mine === turn.current) {
        const known = new Set(found.rows.map(({ mac }) => mac));
        const fresh = page.rows.filter(({ mac }) => !known.has(mac));
        setFound({ rows: [...found.rows, ...fresh], more: page.more && fresh.length > 0, ms: page.ms, query });
      }
    } catch (error) {
      store.dispatch({ type: 'fault', fault: faultOf(error), call: 'devices.search', kind: 'fault' });
    }
    if (mine === turn.current) setBusy(false);
  }, [bridge, store, query, found, busy]);

  return { ...found, busy, readMore, isCurrent: found.query === query };
}
