import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { lookOf } from '../parts/tone.ts';
import { useAnswer, useApp, useAsk, useMay } from '../state/station.ts';
import { words } from '../words/words.ts';

const s = words.station;
/** How often free ports are looked for while somebody teaches, in ms. */
const everyMs = 1000;

/** The places for boards; a new one is taught by plugging a board in. */
export function Fixtures() {
  const ask = useAsk();
  const fixtures = useApp((state) => state.line?.fixtures) ?? [];
  const mayTeach = useMay('fixtures.teach');
  const mayRemove = useMay('fixtures.remove');
  const [teaching, setTeaching] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const remove = async () => {
    if (removing !== null) await ask('fixtures.remove', { name: removing });
    setRemoving(null);
  };
  return (
    <div className="record">
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{s.name}</th>
              <th>{words.devices.columns.state}</th>
              <th>{s.address}</th>
              <th>
                <span className="unseen">{s.remove}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {fixtures.map((fixture) => (
              <tr key={fixture.name}>
                <th scope="row">{fixture.name}</th>
                <td>
                  <StateMark look={lookOf(fixture)} />
                </td>
                <td className="mono">{fixture.address}</td>
                <td className="num">
                  {mayRemove && (
                    <Button
                      variant="subtle"
                      size="compact-md"
                      aria-label={s.removeTitle(fixture)}
                      onClick={() => setRemoving(fixture.name)}
                    >
                      {s.remove}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {mayTeach && (
        <div className="row">
          <Button onClick={() => setTeaching(true)}>{s.teach}</Button>
        </div>
      )}
      {teaching && <Teach names={fixtures.map(({ name }) => name)} onClose={() => setTeaching(false)} />}
      {removing !== null && (
        <Dialog title={s.removeTitle({ name: removing })} open onClose={() => setRemoving(null)}>
          <p>{s.removeWords}</p>
          <DialogActs act={s.remove} onCancel={() => setRemoving(null)} onAct={remove} red first="cancel" />
        </Dialog>
      )}
    </div>
  );
}

function Teach({ names, onClose }: { readonly names: readonly string[]; onClose(): void }) {
  const ask = useAsk();
  const ports = useAnswer('fixtures.ports', {}, { everyMs });
  const [address, setAddress] = useState('');
  const [name, setName] = useState(() => nextName(names));
  const teach = async (event: FormEvent) => {
    event.preventDefault();
    if ((await ask('fixtures.teach', { name: name.trim(), address: address.trim() })) !== null) onClose();
  };
  return (
    <Dialog title={s.teachTitle} open onClose={onClose} wide>
      <form className="form" onSubmit={teach}>
        <p>{s.teachWords}</p>
        {ports.value !== null && ports.value.length === 0 && <p className="calm-note">{s.noPorts}</p>}
        <ul className="ports" aria-label={s.ports}>
          {(ports.value ?? []).map((port) => (
            <li key={port.address}>
              <button
                type="button"
                aria-pressed={port.address === address}
                disabled={port.taken !== null}
                onClick={() => setAddress(port.address)}
              >
                <span className="mono">{port.address}</span>
                <span>{port.taken === null ? port.words : s.taken({ name: port.taken })}</span>
              </button>
            </li>
          ))}
        </ul>
        <TextInput
          label={s.addressLabel}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          size="md"
        />
        <TextInput
          label={s.name}
          value={name}
          onChange={(event) => setName(event.target.value)}
          size="md"
          data-autofocus
        />
        <DialogActs act={s.teach} onCancel={onClose} disabled={name.trim() === '' || address.trim() === ''} />
      </form>
    </Dialog>
  );
}

/** F9 after F1 to F8. */
function nextName(names: readonly string[]): string {
  for (let n = 1; ; n++) if (!names.includes(`F${n}`)) return `F${n}`;
}
