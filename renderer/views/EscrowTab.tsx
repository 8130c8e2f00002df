import { Button, Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { SecretWay } from '../../main/contract/contract.ts';
import type { EscrowView } from '../../main/contract/views.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { nobody, PinInput, SecondPerson } from '../parts/SecondPerson.tsx';
import { addressOf, useAnswer, useAsk, useMay, useSeat } from '../state/station.ts';
import { dateText, shortHash } from '../words/format.ts';
import { answerText, faultText, words } from '../words/words.ts';

const e = words.station.escrow;
type Kept = EscrowView['kept'][number];

/** What was put away for two custodians, what was given out, and how it comes out: past this page. */
export function EscrowTab() {
  const [device, setDevice] = useState('');
  const [asked, setAsked] = useState<Kept | null>(null);
  const mayRelease = useMay('escrow.release');
  const named = device.trim() === '' ? null : device.trim();
  const { value, fault, again } = useAnswer('escrow.list', { device: named }, { debounceMs: 250 });
  return (
    <div className="record">
      <p className="calm-note">{e.note}</p>
      <TextInput
        className="search-short"
        label={e.device}
        value={device}
        onChange={(event) => setDevice(event.target.value)}
        error={fault !== null && faultText(fault).what}
        data-scan="here"
        size="md"
      />
      {value !== null && fault === null && (
        <>
          {value.kept.length === 0 ? (
            <p className="calm-note">{e.none}</p>
          ) : (
            <Scroll>
              <table className="plain">
                <thead>
                  <tr>
                    <th>{words.devices.columns.mac}</th>
                    <th>{words.devices.columns.serial}</th>
                    <th>{e.what}</th>
                    <th>{e.at}</th>
                    <th>{e.fingerprint}</th>
                    {mayRelease && (
                      <th>
                        <span className="unseen">{e.release}</span>
                      </th>
                    )}
                  </tr>
                </thead>
                <tbody>
                  {value.kept.map((one) => (
                    <tr key={`${one.mac} ${one.what} ${one.at}`}>
                      <th scope="row" className="mono">
                        <a href={addressOf({ screen: 'devices', item: one.mac })}>{one.mac}</a>
                      </th>
                      <td className="mono">{one.serial ?? '–'}</td>
                      <td>{e.kinds[one.what]}</td>
                      <td className="whole">{dateText(one.at)}</td>
                      <td className="mono" title={one.fingerprint ?? undefined}>
                        {one.fingerprint === null ? '–' : shortHash(one.fingerprint)}
                      </td>
                      {mayRelease && (
                        <td className="num">
                          <Button
                            variant="subtle"
                            size="compact-md"
                            aria-label={`${e.release}: ${titleOf(one)}`}
                            onClick={() => setAsked(one)}
                          >
                            {e.release}
                          </Button>
                        </td>
                      )}
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
          <h2>{e.given}</h2>
          {value.released.length === 0 ? (
            <p className="calm-note">{e.noneGiven}</p>
          ) : (
            <Scroll>
              <table className="plain">
                <thead>
                  <tr>
                    <th>{e.givenAt}</th>
                    <th>{words.devices.columns.mac}</th>
                    <th>{e.what}</th>
                    <th>{e.givenTo}</th>
                    <th>{e.reason}</th>
                  </tr>
                </thead>
                <tbody>
                  {value.released.map((one) => (
                    <tr key={`${one.at} ${one.mac} ${one.what}`}>
                      <td className="whole">{dateText(one.at)}</td>
                      <th scope="row" className="mono">
                        {one.mac}
                      </th>
                      <td>{e.kinds[one.what]}</td>
                      <td>{one.custodians.join(', ')}</td>
                      <td className="typed">{one.reason}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
          {value.more && <p className="calm-note">{e.more}</p>}
        </>
      )}
      {asked !== null && (
        <ReleaseDialog asked={asked} ways={value?.ways ?? []} onClose={() => setAsked(null)} onDone={again} />
      )}
    </div>
  );
}

function titleOf({ what, serial, mac }: Kept): string {
  return e.releaseTitle({ what: e.kinds[what], device: serial ?? mac });
}

/** Two custodians and a reason: whoever is signed in, by an own PIN anew, and another one. */
function ReleaseDialog({
  asked,
  ways,
  onClose,
  onDone,
}: {
  readonly asked: Kept;
  readonly ways: readonly SecretWay[];
  onClose(): void;
  onDone(): void;
}) {
  const { store } = useSeat();
  const ask = useAsk();
  const [way, setWay] = useState<SecretWay | null>(ways[0] ?? null);
  const [reason, setReason] = useState('');
  const [pin, setPin] = useState('');
  const [second, setSecond] = useState(nobody);
  const [busy, setBusy] = useState(false);
  const release = async (event: FormEvent) => {
    event.preventDefault();
    if (way === null) return;
    setBusy(true);
    const { mac, what } = asked;
    const agreed = { id: second.id.trim(), pin: second.pin };
    const answer = await ask('escrow.release', { device: mac, what, way, reason, pin, second: agreed });
    setBusy(false);
    setPin('');
    setSecond((typed) => ({ ...typed, pin: '' }));
    onDone();
    if (answer === null) return;
    store.dispatch({ type: 'said', words: answerText(answer) });
    onClose();
  };
  // nobody types a PIN for what cannot come out
  if (way === null)
    return (
      <Dialog title={titleOf(asked)} open onClose={onClose}>
        <p>{e.noWay}</p>
      </Dialog>
    );
  return (
    <Dialog title={titleOf(asked)} open onClose={onClose}>
      <form className="form" onSubmit={(event) => void release(event)}>
        <Select
          label={e.way}
          data={ways.map((value) => ({ value, label: e.ways[value] }))}
          value={way}
          onChange={(next) => setWay(next as SecretWay | null)}
          allowDeselect={false}
          size="md"
        />
        <TextInput
          label={e.reason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          autoComplete="off"
          maxLength={400}
          size="md"
          data-autofocus
        />
        <PinInput label={e.pin} value={pin} onChange={setPin} />
        <SecondPerson labels={words.station} value={second} onChange={setSecond} />
        <DialogActs
          act={e.release}
          onCancel={onClose}
          red
          busy={busy}
          disabled={reason.trim() === '' || pin === '' || second.id.trim() === '' || second.pin === ''}
        />
      </form>
    </Dialog>
  );
}
