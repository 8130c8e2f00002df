import { Button } from '@mantine/core';
import { useState } from 'react';
import type { DeedView } from '../../main/contract/views.ts';
import { Scroll } from '../parts/Scroll.tsx';
import { useAnswer } from '../state/station.ts';
import { dateText } from '../words/format.ts';
import { deedText, faultText, words } from '../words/words.ts';

const d = words.station.deeds;

/** Who signed in, was refused, changed, approved and exported what, as the ledger has it: newest first. */
export function Deeds() {
  const [before, setBefore] = useState<number | null>(null);
  const page = useAnswer('ledger.deeds', { before });
  const rows = page.value?.rows ?? [];
  const last = rows.at(-1)?.row ?? null;
  if (page.value === null)
    return <p className="calm-note page-note">{page.fault === null ? words.loading : faultText(page.fault).what}</p>;
  return (
    <div className="record">
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{d.row}</th>
              <th>{d.at}</th>
              <th>{d.by}</th>
              <th>{d.what}</th>
              <th>{d.about}</th>
              <th>{d.detail}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.row} {...row} />
            ))}
          </tbody>
        </table>
      </Scroll>
      <div className="form-acts">
        {before !== null && (
          <Button variant="default" onClick={() => setBefore(null)}>
            {d.newest}
          </Button>
        )}
        {page.value.more && (
          <Button variant="default" onClick={() => setBefore(last)}>
            {d.older}
          </Button>
        )}
      </div>
    </div>
  );
}

function Row({ row, at, by, what, about, detail }: DeedView) {
  return (
    <tr>
      <td className="mono">{row}</td>
      <td className="whole">
        <time dateTime={at}>{dateText(at)}</time>
      </td>
      <td className="whole">{by.join(', ')}</td>
      <th scope="row">{deedText(what)}</th>
      <td>{about}</td>
      <td lang="en">{detail}</td>
    </tr>
  );
}
