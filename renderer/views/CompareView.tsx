import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { DeviceComparison } from '../../main/contract/views.ts';
import { Scroll } from '../parts/Scroll.tsx';
import { addressOf, goTo, useAnswer, useAsk } from '../state/station.ts';
import { faultText, words } from '../words/words.ts';

const c = words.records.compare;

/** Two devices side by side, what differs first. `item`: one MAC, or two with a plus between. */
export function CompareView({ item }: { readonly item: string }) {
  const [a = '', b] = item.split('+');
  const { value, fault } = useAnswer('devices.compare', b === undefined ? null : { a, b });
  return (
    <div className="device-screen">
      <header className="screen-head">
        <Button variant="default" onClick={() => goTo('devices', a)}>
          {words.back}
        </Button>
        <h1>{c.title}</h1>
      </header>
      <div className="record">
        <Other of={a} />
        {b !== undefined && value === null && (
          <p className="calm-note">{fault === null ? words.loading : faultText(fault).what}</p>
        )}
        {value !== null && <Tables comparison={value} />}
      </div>
    </div>
  );
}

function Other({ of }: { readonly of: string }) {
  const ask = useAsk();
  const [text, setText] = useState('');
  const [isUnknown, setUnknown] = useState(false);
  const go = async () => {
    const found = await ask('devices.search', { text: text.trim(), limit: 3 });
    if (found === null) return;
    const fits = found.rows.filter(({ mac }) => mac !== of);
    setUnknown(fits.length !== 1);
    if (fits.length === 1) goTo('compare', `${of}+${fits[0]!.mac}`);
  };
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      <TextInput
        label={c.other}
        value={text}
        onChange={(event) => setText(event.target.value)}
        error={isUnknown ? c.notFound : undefined}
        data-scan="here"
        size="md"
        w={380}
      />
      <Button type="submit" disabled={text.trim() === ''}>
        {c.open}
      </Button>
    </form>
  );
}

function Tables({ comparison: { a, b, rows } }: { readonly comparison: DeviceComparison }) {
  return (
    <>
      {(['differs', 'own', 'same'] as const).map((kind) => {
        const of = rows.filter((row) => row.kind === kind);
        return (
          <section key={kind}>
            <h2>{c.kinds[kind]({ count: of.length })}</h2>
            {of.length === 0 && kind === 'differs' && <p className="calm-note">{c.none}</p>}
            {of.length > 0 && (
              <Scroll>
                <table className="plain compare">
                  <thead>
                    <tr>
                      <th>{c.name}</th>
                      {[a, b].map((mac) => (
                        <th key={mac} className="mono">
                          <a href={addressOf({ screen: 'devices', item: mac })}>{mac}</a>
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody lang="en">
                    {of.map((row) => (
                      <tr key={row.name}>
                        <th scope="row">{row.name}</th>
                        <td className="digest">{row.a ?? c.missing}</td>
                        <td className="digest">{row.b ?? c.missing}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )}
          </section>
        );
      })}
    </>
  );
}
