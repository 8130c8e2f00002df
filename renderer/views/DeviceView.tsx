import { Button, Menu, Switch, Tabs } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { DeviceView as Device } from '../../main/contract/views.ts';
import { Facts } from '../parts/Facts.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { deviceLooks } from '../parts/tone.ts';
import { goTo, useAnswer, useAsk, useMay, useSeat } from '../state/station.ts';
import { countText, dateText, hexText, listText, shortHash } from '../words/format.ts';
import { answerText, faultText, words } from '../words/words.ts';
import { AssuranceTable } from './AssuranceTable.tsx';
import { DeviceHistoryView } from './DeviceHistoryView.tsx';
import { saveFile } from './download.ts';
import { efuseRows } from './efuse-rows.ts';
import { VerifyDevice } from './VerifyDevice.tsx';

const d = words.devices;
/** How often the page of a board under work is read again, in ms. */
const growingMs = 1500;

/** One device: what it is, what lies in it, and every try that made it so. */
export function DeviceView({ mac }: { readonly mac: string }) {
  const { store } = useSeat();
  const ask = useAsk();
  const mayReport = useMay('devices.report');
  const mayCertify = useMay('devices.certificate');
  const mayVerify = useMay('devices.verify');
  const mayPrint = useMay('labels.print');
  const [verifying, setVerifying] = useState(false);
  // a board that is being worked on has a history that grows
  const [growing, setGrowing] = useState(true);
  const { value: device, fault } = useAnswer('devices.show', { mac }, growing ? { everyMs: growingMs } : {});
  const ended = device !== null && device.runs.at(-1)?.run.outcome != null;
  useEffect(() => setGrowing(!ended), [ended]);
  if (device === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  const { sealed, condemned } = device;
  const last = device.runs.at(-1)?.run;

  const report = async (form: 'json' | 'pdf') => {
    const file = await ask('devices.report', { mac, form });
    if (file === null) return;
    saveFile(file);
    store.dispatch({ type: 'said', words: d.exported(file) });
  };
  const certify = async (form: 'cose' | 'pdf') => {
    const file = await ask('devices.certificate', { mac, form });
    if (file === null) return;
    saveFile(file);
    store.dispatch({ type: 'said', words: d.exported(file) });
  };
  const print = async () => {
    const answer = await ask('labels.print', { mac });
    if (answer !== null) store.dispatch({ type: 'said', words: answerText(answer) });
  };

  return (
    <div className="device-screen">
      <header className="screen-head">
        <Button variant="default" onClick={() => goTo('devices')}>
          {words.back}
        </Button>
        <h1 className="mono">{device.mac}</h1>
        <StateMark look={deviceLooks[condemned ? 'condemned' : sealed ? 'sealed' : (last?.outcome ?? 'open')]} />
        <span className="device-serial">{sealed?.serial ?? last?.serial ?? ''}</span>
        <span className="push" />
        <Button variant="default" onClick={() => goTo('compare', mac)}>
          {words.records.compare.open}
        </Button>
        {mayVerify && sealed !== null && (
          <Button variant="default" onClick={() => setVerifying(true)}>
            {d.verify}
          </Button>
        )}
        {mayPrint && sealed !== null && (
          <Button variant="default" onClick={print}>
            {d.label}
          </Button>
        )}
        {mayCertify && sealed !== null && condemned === null && (
          <Menu transitionProps={{ duration: 0 }} position="bottom-end">
            <Menu.Target>
              <Button variant="default">{d.certify}</Button>
            </Menu.Target>
            <Menu.Dropdown>
              {(['cose', 'pdf'] as const).map((form) => (
                <Menu.Item key={form} onClick={() => certify(form)}>
                  {d.certificateAs[form]}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
        {mayReport && (
          <Menu transitionProps={{ duration: 0 }} position="bottom-end">
            <Menu.Target>
              <Button variant="default">{d.export}</Button>
            </Menu.Target>
            <Menu.Dropdown>
              {(['pdf', 'json'] as const).map((form) => (
                <Menu.Item key={form} onClick={() => report(form)}>
                  {d.exportAs[form]}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </header>
      {condemned !== null && (
        <p className="condemned">
          <strong>{d.condemned}</strong> {dateText(condemned.at)}: {condemned.reason}
          {condemned.by !== undefined && ` (${listText(condemned.by)})`}
        </p>
      )}
      {device.released != null && (
        <p className="calm-note">
          {d.released} {dateText(device.released.at)}: {device.released.reason} ({listText(device.released.by)})
        </p>
      )}
      <Tabs defaultValue={sealed === null ? 'history' : 'record'} keepMounted={false}>
        <Tabs.List aria-label={d.tabs}>
          <Tabs.Tab value="record">{d.sealed}</Tabs.Tab>
          <Tabs.Tab value="efuses" disabled={sealed === null}>
            {d.efuses}
          </Tabs.Tab>
          <Tabs.Tab value="assurance" disabled={sealed === null}>
            {words.assurance.title}
          </Tabs.Tab>
          <Tabs.Tab value="history">{`${d.history} (${device.runs.length})`}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="record">
          {sealed === null ? (
            <p className="calm-note page-note">{d.notSealed}</p>
          ) : (
            <Sealed record={sealed} labelledAt={device.labelledAt} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="efuses">{sealed !== null && <Efuses record={sealed} />}</Tabs.Panel>
        <Tabs.Panel value="assurance">
          <DeviceAssurance mac={mac} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <DeviceHistoryView runs={device.runs} />
        </Tabs.Panel>
      </Tabs>
      {verifying && <VerifyDevice mac={mac} onClose={() => setVerifying(false)} />}
    </div>
  );
}

type SealedRecord = NonNullable<Device['sealed']>;

function Sealed({ record, labelledAt }: { readonly record: SealedRecord; readonly labelledAt: string | null }) {
  const { chip, identity, secureBoot } = record;
  return (
    <div className="record">
      <Facts
        rows={[
          [d.facts.chip, chip.kind],
          [d.facts.revision, `v${Math.trunc(chip.revision / 100)}.${chip.revision % 100}`],
          [d.facts.serial, record.serial],
          [
            d.facts.recipe,
            `${record.recipe.name}, ${words.batch.revision(record.recipe)}, ${shortHash(record.recipe.hash)}`,
          ],
          [d.facts.batch, record.batch],
          [d.facts.station, record.station],
          [d.facts.fixture, record.fixture],
          [d.facts.operator, record.operator],
          [d.facts.started, dateText(record.startedAt)],
          [d.facts.sealed, dateText(record.sealedAt)],
          [d.facts.secureVersion, record.secureVersion],
          [d.facts.keysDestroyed, record.keysDestroyedAt === null ? null : dateText(record.keysDestroyedAt)],
          ...(record.finishedLater === undefined
            ? []
            : [[d.facts.finishedLater, d.finishedLater[record.finishedLater.identifiedBy]] as const]),
          ...(labelledAt === null ? [] : [[d.facts.label, dateText(labelledAt)] as const]),
          [d.facts.plan, record.planDigest, 'mono'],
          [d.facts.software, `${record.software.name} ${record.software.version}`],
        ]}
      />
      <h2>{d.images}</h2>
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{d.image.name}</th>
              <th>{d.image.offset}</th>
              <th className="num">{d.image.length}</th>
              <th>{d.image.plain}</th>
              <th>{d.image.flash}</th>
              <th>{d.image.encrypted}</th>
            </tr>
          </thead>
          <tbody>
            {record.images.map((image) => (
              <tr key={image.offset}>
                <th scope="row">{image.name}</th>
                <td className="mono">{hexText(image.offset)}</td>
                <td className="num">{countText(image.length)}</td>
                <td className="mono digest">{image.plainSha256 ?? words.none}</td>
                <td className="mono digest">{image.flashSha256}</td>
                <td>{image.encrypted ? words.yes : words.no}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {record.storage !== undefined && (
        <>
          <h2>{d.storage}</h2>
          <Facts
            rows={record.storage.map(({ partition, encryption, keys, row }) => [
              partition,
              row === null
                ? d.stored({ how: d.storedHow[encryption], keys: keys.join(' ') })
                : d.storedRow({ how: d.storedHow[encryption], keys: keys.join(' '), row }),
            ])}
          />
        </>
      )}
      <h2>{d.keys}</h2>
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{d.key.role}</th>
              <th>{d.key.blocks}</th>
              <th>{d.key.fingerprint}</th>
            </tr>
          </thead>
          <tbody>
            {record.keys.map((key) => (
              <tr key={key.role}>
                <th scope="row">{key.role}</th>
                <td>{key.blocks.map((block) => `BLOCK${block}`).join(', ')}</td>
                <td className="mono digest">{key.fingerprint}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {identity !== null && (
        <>
          <h2>{d.certificate}</h2>
          <Facts
            rows={[
              [d.deviceKey, identity.key ?? 'ecdsa-p256'],
              [d.certificateSerial, identity.certificateSerial, 'mono'],
              [d.publicKey, identity.publicKey, 'mono'],
            ]}
          />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must reach that */}
          <pre className="pem" tabIndex={0}>
            {identity.certificatePem ?? identity.csrPem}
          </pre>
        </>
      )}
      {secureBoot !== null && (
        <Facts
          rows={secureBoot.keyDigests.map(
            (digest, index) =>
              [`${words.recipes.fields.secureBoot} ${index}: ${secureBoot.scheme}`, digest, 'mono'] as const,
          )}
        />
      )}
      {record.waivers.length > 0 && (
        <>
          <h2>{d.waivers}</h2>
          <Facts rows={record.waivers.map(({ check, reason }) => [check, reason] as const)} />
        </>
      )}
    </div>
  );
}

function DeviceAssurance({ mac }: { readonly mac: string }) {
  const { value, fault } = useAnswer('devices.assurance', { mac });
  if (value === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  return (
    <div className="record">
      <AssuranceTable lines={value} />
    </div>
  );
}

/** The decoded eFuses before and after, side by side. */
function Efuses({ record }: { readonly record: SealedRecord }) {
  const [changedOnly, setChangedOnly] = useState(true);
  const rows = efuseRows(record).filter(({ changed }) => changed || !changedOnly);
  return (
    <div className="record">
      <Switch
        className="record-switch"
        label={d.changedOnly}
        checked={changedOnly}
        onChange={(event) => setChangedOnly(event.target.checked)}
        size="md"
      />
      <Scroll>
        <table className="plain efuses">
          <thead>
            <tr>
              <th>{d.efuse.field}</th>
              <th>{d.efuse.before}</th>
              <th>{d.efuse.after}</th>
              <th>{d.efuse.locks}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.field} data-changed={row.changed ? '' : undefined}>
                <th scope="row" className="mono">
                  {row.field}
                </th>
                <td className="mono digest">{row.before}</td>
                <td className="mono digest">{row.after}</td>
                <td>{row.locks}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}
