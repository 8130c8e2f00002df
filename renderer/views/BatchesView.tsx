import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Scroll } from '../parts/Scroll.tsx';
import { addressOf, useAnswer } from '../state/station.ts';
import { countText, dateText } from '../words/format.ts';
import { faultText, words } from '../words/words.ts';
import { BatchReportView } from './BatchReportView.tsx';
import { RecordsNav } from './RecordsNav.tsx';

const b = words.records.batchesScreen;
const atOnce = 50;

/** Every batch of this station, newest first; or the report of one of them. */
export function BatchesView({ batch }: { readonly batch: string | null }) {
  return (
    <>
      <div className="devices-screen" hidden={batch !== null}>
        <BatchList />
      </div>
      {batch !== null && <BatchReportView key={batch} batch={batch} />}
    </>
  );
}

function BatchList() {
  const [text, setText] = useState('');
  const [limit, setLimit] = useState(atOnce);
  const { value, fault } = useAnswer('batches.search', { text, limit }, { debounceMs: 200 });
  const rows = value?.rows ?? [];
  return (
    <>
      <RecordsNav here="batches" />
      <header className="screen-head search-head">
        <h1>{b.title}</h1>
        <TextInput
          className="search-text"
          label={words.records.search}
          placeholder={b.placeholder}
          value={text}
          onChange={(event) => setText(event.target.value)}
          data-scan="here"
          size="md"
        />
      </header>
      {value === null && (
        <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>
      )}
      {value !== null && rows.length === 0 && (
        <div className="empty">
          <p>{b.none}</p>
        </div>
      )}
      {rows.length > 0 && (
        <Scroll className="list">
          <table className="plain">
            <thead>
              <tr>
                <th>{b.columns.order}</th>
                <th>{b.columns.recipe}</th>
                <th>{b.columns.opened}</th>
                <th>{b.columns.closed}</th>
                <th className="num">{b.columns.sealed}</th>
                <th className="num">{b.columns.others}</th>
                <th>{b.columns.batch}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ batch, sealed, others }) => (
                <tr key={batch.id}>
                  <th scope="row">
                    <a href={addressOf({ screen: 'batches', item: batch.id })}>{batch.order ?? words.batch.noOrder}</a>
                  </th>
                  <td>
                    {batch.recipe.name}, {words.batch.revision(batch.recipe)}
                  </td>
                  <td>{dateText(batch.openedAt)}</td>
                  <td>{batch.closedAt === null ? b.running : dateText(batch.closedAt)}</td>
                  <td className="num">
                    {batch.count === null ? countText(sealed) : b.sealedOf({ sealed, count: batch.count })}
                  </td>
                  <td className="num">{countText(others)}</td>
                  <td className="mono">{batch.id}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {value?.more === true && limit < 200 && (
            <Button variant="default" onClick={() => setLimit(Math.min(200, limit + atOnce))}>
              {words.records.more}
            </Button>
          )}
        </Scroll>
      )}
    </>
  );
}
