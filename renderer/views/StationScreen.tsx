import { Button, Select, Tabs, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { StationView, TokenView } from '../../main/contract/views.ts';
import { Facts } from '../parts/Facts.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { useAnswer, useAsk, useMay, useSeat } from '../state/station.ts';
import { dateText, shortHash } from '../words/format.ts';
import { answerText, faultText, words } from '../words/words.ts';
import { Ceremony } from './Ceremony.tsx';
import { Deeds } from './Deeds.tsx';
import { EscrowTab } from './EscrowTab.tsx';
import { Fixtures } from './Fixtures.tsx';
import { People } from './People.tsx';
import { RecoveryBay } from './RecoveryBay.tsx';

const s = words.station;

/** Faults of a token that is not the one that the ledger knows. */
const foreignCodes = ['token.other', 'token.other-key', 'token.key-lost', 'token.away'];

/** What this station is made of: places, token, people, printer. */
export function StationScreen({ tab }: { readonly tab: string | null }) {
  const maySeeDeeds = useMay('ledger.deeds');
  const maySeeEscrow = useMay('escrow.list');
  return (
    <div className="station-screen">
      <header className="screen-head">
        <h1>{s.title}</h1>
      </header>
      <Tabs defaultValue={tab ?? 'fixtures'} keepMounted={false}>
        <Tabs.List aria-label={s.tabs}>
          <Tabs.Tab value="fixtures">{s.fixtures}</Tabs.Tab>
          <Tabs.Tab value="recovery">{words.recovery.title}</Tabs.Tab>
          <Tabs.Tab value="hsm">{s.hsm}</Tabs.Tab>
          <Tabs.Tab value="people">{s.people}</Tabs.Tab>
          <Tabs.Tab value="printer">{s.printer}</Tabs.Tab>
          {maySeeEscrow && <Tabs.Tab value="escrow">{s.escrow.title}</Tabs.Tab>}
          {maySeeDeeds && <Tabs.Tab value="deeds">{s.deeds.title}</Tabs.Tab>}
          <Tabs.Tab value="about">{s.about}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="fixtures">
          <Fixtures />
        </Tabs.Panel>
        <Tabs.Panel value="recovery">
          <RecoveryBay />
        </Tabs.Panel>
        <Tabs.Panel value="hsm">
          <Hsm />
        </Tabs.Panel>
        <Tabs.Panel value="people">
          <People />
        </Tabs.Panel>
        <Tabs.Panel value="printer">
          <Printer />
        </Tabs.Panel>
        <Tabs.Panel value="escrow">
          <EscrowTab />
        </Tabs.Panel>
        <Tabs.Panel value="deeds">
          <Deeds />
        </Tabs.Panel>
        <Tabs.Panel value="about">
          <About />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function Hsm() {
  const { store } = useSeat();
  const ask = useAsk();
  const { value: token, fault, again } = useAnswer('token.view', {});
  const recipes = useAnswer('recipes.list', {});
  const mayMake = useMay('token.makeKeys');
  const mayAccept = useMay('token.accept');
  const [recipe, setRecipe] = useState<string | null>(null);
  if (token === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  const make = async () => {
    if (recipe === null) return;
    if ((await ask('token.makeKeys', { recipe })) === null) return;
    store.dispatch({ type: 'said', words: s.made });
    again();
  };
  const isForeign = token.fault !== null && foreignCodes.includes(token.fault.code);
  const healthy = token.healthy === true && token.fault === null;
  return (
    <div className="record">
      {token.fault !== null && (
        <p className="condemned">
          <strong>{faultText(token.fault).what}</strong> {faultText(token.fault).next}{' '}
          <span className="mono">{token.fault.code}</span>
        </p>
      )}
      <Facts
        rows={[
          [
            s.tokenFacts.health,
            <StateMark
              key="health"
              look={
                healthy
                  ? { tone: 'dim', shape: 'ring', word: words.token.healthy }
                  : token.healthy === null && token.fault === null
                    ? { tone: 'dim', shape: 'gap', word: words.token.unknown }
                    : { tone: 'warn', shape: 'pause', word: words.token.ailing }
              }
            />,
          ],
          [s.tokenFacts.label, token.label],
          [s.tokenFacts.serial, token.serial, 'mono'],
          [s.tokenFacts.model, token.model, 'mono'],
          [s.tokenFacts.sign, token.signMs === null ? null : `${token.signMs.toFixed(1)} ms`],
          [s.tokenFacts.embedded, token.embedded ? s.embedded : s.hardware],
          [s.tokenFacts.sessions, token.sessions],
          ...(token.spare === null
            ? []
            : [
                [
                  s.tokenFacts.spare,
                  token.spare.fault === null ? spareText(token.spare) : faultText(token.spare.fault).what,
                ] as const,
              ]),
        ]}
      />
      <h2>{s.keys}</h2>
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{s.key.label}</th>
              <th>{s.key.algorithm}</th>
              <th>{s.key.use}</th>
              <th>{s.key.publicKey}</th>
              <th>{s.key.extractable}</th>
            </tr>
          </thead>
          <tbody>
            {token.keys.map((key) => (
              <tr key={`${key.label} ${key.publicKeySha256} ${key.use}`}>
                <th scope="row">{key.label}</th>
                <td>{key.algorithm}</td>
                <td>{s.uses[key.use as keyof typeof s.uses] ?? key.use}</td>
                <td className="mono digest">{key.publicKeySha256 ?? '–'}</td>
                <td>
                  {key.extractable ? <StateMark look={{ tone: 'warn', shape: 'bar', word: words.yes }} /> : words.no}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {mayMake && (
        <div className="row">
          <Select
            label={s.makeKeysFor}
            data={(recipes.value ?? []).map((view) => view.recipe)}
            value={recipe}
            onChange={setRecipe}
            size="md"
          />
          <Button onClick={make} disabled={recipe === null}>
            {s.makeKeys}
          </Button>
        </div>
      )}
      {isForeign && mayAccept && (
        <Ceremony
          title={s.accept}
          note={s.acceptNote}
          reason={s.acceptReason}
          onAgreed={async (act) => {
            if ((await ask('token.accept', act)) === null) return false;
            store.dispatch({ type: 'said', words: s.accepted });
            again();
            return true;
          }}
        />
      )}
    </div>
  );
}

function Printer() {
  const { store } = useSeat();
  const ask = useAsk();
  const maySet = useMay('printer.set');
  const { value: station, again } = useAnswer('station.view', {});
  const [address, setAddress] = useState<string | null>(null);
  if (station === null) return <p className="calm-note page-note">{words.loading}</p>;
  const set = async () => {
    const text = (address ?? station.printer ?? '').trim();
    if ((await ask('printer.set', { address: text === '' ? null : text })) !== null) again();
  };
  const test = async () => {
    const answer = await ask('printer.test', {});
    if (answer !== null) store.dispatch({ type: 'said', words: answerText(answer) });
    again();
  };
  return (
    <div className="record">
      <p>{station.printer === null ? s.printerNone : <span className="mono">{station.printer}</span>}</p>
      {station.printer?.startsWith('file:') === true && <p className="calm-note">{s.printerFile}</p>}
      {station.printerFault !== null && (
        <p className="condemned">
          <strong>{words.station.printerFault}</strong> {faultText(station.printerFault).what}{' '}
          {faultText(station.printerFault).next} <span className="mono">{station.printerFault.code}</span>
        </p>
      )}
      {maySet && (
        <div className="row">
          <TextInput
            label={s.printerAddress}
            value={address ?? station.printer ?? ''}
            onChange={(event) => setAddress(event.target.value)}
            size="md"
            w={380}
          />
          <Button onClick={set}>{s.set}</Button>
          {station.printer !== null && (
            <Button variant="default" onClick={test}>
              {s.printTest}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** The token that would take over. */
function spareText({ label, serial, signMs }: NonNullable<TokenView['spare']>): string {
  return signMs === null ? s.spareReady({ label, serial }) : s.spareReadyMs({ label, serial, ms: signMs });
}

/** How far the plant is, in one line. */
function plantText({ state, lag, heardAt, reason, conflicts }: NonNullable<StationView['plant']>): string {
  return [
    s.plantStates[state],
    lag === null || lag === 0 ? null : s.plantLag({ rows: lag }),
    heardAt && s.plantHeard({ time: dateText(heardAt) }),
    conflicts === 0 ? null : s.plantConflicts({ count: conflicts }),
    reason,
  ]
    .filter((part) => part !== null)
    .join('; ');
}

function About() {
  const ask = useAsk();
  const mayVerify = useMay('ledger.verify');
  const mayAccept = useMay('clock.accept');
  const { value: station, again } = useAnswer('station.view', {});
  const [busy, setBusy] = useState(false);
  const [chain, setChain] = useState<{ rows: number; head: string; broken: string | null } | null>(null);
  if (station === null) return <p className="calm-note page-note">{words.loading}</p>;
  const verify = async () => {
    setBusy(true);
    setChain(await ask('ledger.verify', {}));
    setBusy(false);
  };
  return (
    <div className="record">
      <Facts
        rows={[
          [s.aboutFacts.name, station.name],
          [s.aboutFacts.version, `${words.product} ${station.version}, ${s.licence}`],
          [s.aboutFacts.data, station.dataFolder, 'mono'],
          [
            s.aboutFacts.head,
            station.ledgerHead === null
              ? null
              : s.head({ row: station.ledgerHead.row, hash: shortHash(station.ledgerHead.hash) }),
            'mono',
          ],
          [s.aboutFacts.plant, station.plant && plantText(station.plant)],
          [s.aboutFacts.fixtures, station.fixtures.length],
        ]}
      />
      {station.clockFault !== null && (
        <p className="condemned">
          <strong>{faultText(station.clockFault).what}</strong> {faultText(station.clockFault).next}{' '}
          <span className="mono">{station.clockFault.code}</span>
        </p>
      )}
      {station.clockFault !== null && mayAccept && (
        <Ceremony
          title={s.acceptClock}
          note={s.acceptClockNote}
          reason={s.acceptClockReason}
          onAgreed={async (act) => {
            if ((await ask('clock.accept', act)) === null) return false;
            again();
            return true;
          }}
        />
      )}
      {mayVerify && (
        <div className="row">
          <Button variant="default" onClick={verify} loading={busy}>
            {s.verifyLedger}
          </Button>
        </div>
      )}
      {chain !== null && (
        <div role="status">
          {chain.broken === null ? (
            <p>{s.ledgerWhole({ rows: chain.rows, head: shortHash(chain.head) })}</p>
          ) : (
            <p className="condemned">
              <strong>{s.ledgerBroken}:</strong> {chain.broken} {s.ledgerBrokenNext}
            </p>
          )}
        </div>
      )}
      <Seats />
    </div>
  );
}

/** Browsers of this computer that a link has let in once; each can be turned out. */
function Seats() {
  const ask = useAsk();
  const may = useMay('session.seats');
  const { value: seats, again } = useAnswer('session.seats', may ? {} : null);
  if (!may || seats === null) return null;
  const forget = async (seat: string) => {
    if ((await ask('session.forgetSeats', { seat })) !== null) again();
  };
  return (
    <>
      <h2>{s.seats}</h2>
      {seats.length === 0 && <p className="calm-note">{s.seatsNone}</p>}
      <ul className="seats">
        {seats.map(({ id, usedAt }) => (
          <li key={id}>
            <span className="mono">{id}</span>
            <span>{s.seatUsed({ time: dateText(usedAt) })}</span>
            <Button className="push" variant="default" size="compact-md" onClick={() => void forget(id)}>
              {s.seatForget}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
