import { Button, Select } from '@mantine/core';
import { useState } from 'react';
import type { VerifyView } from '../../main/contract/views.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { outcomeLooks } from '../parts/tone.ts';
import { useApp, useAsk } from '../state/station.ts';
import { words } from '../words/words.ts';

const d = words.devices;

function verdictOf({ ok, unproven }: VerifyView): string {
  if (!ok) return d.verifyBad;
  return unproven.length > 0 ? d.verifyPart : d.verifyOk;
}

/** Reads the board that lies in a fixture and holds it against its sealed record. */
export function VerifyDevice({ mac, onClose }: { readonly mac: string; onClose(): void }) {
  const ask = useAsk();
  const fixtures = useApp((state) => state.line?.fixtures) ?? [];
  const [fixture, setFixture] = useState<string | null>(
    () => (fixtures.find((one) => one.mac === mac) ?? fixtures[0])?.name ?? null,
  );
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<VerifyView | null>(null);
  const verify = async () => {
    if (fixture === null) return;
    setBusy(true);
    setResult(null);
    setResult(await ask('devices.verify', { fixture, mac }));
    setBusy(false);
  };
  return (
    <Dialog title={d.verifyTitle} open onClose={onClose} wide>
      <p>{d.verifyWords}</p>
      <div className="row">
        <Select
          label={words.detail.title({ fixture: '' })}
          data={fixtures.map(({ name }) => name)}
          value={fixture}
          onChange={setFixture}
          allowDeselect={false}
          size="md"
          data-autofocus
        />
        <Button size="md" onClick={verify} loading={busy} disabled={fixture === null}>
          {d.verifyGo}
        </Button>
      </div>
      <div aria-live="polite">
        {busy && <p>{d.reading}</p>}
        {result !== null && (
          <>
            <p className="verify-verdict">
              <StateMark look={{ ...outcomeLooks[result.ok ? 'passed' : 'failed'], word: verdictOf(result) }} />
            </p>
            <ul className="checks">
              {result.checks.map((check) => (
                <li key={check.what} lang="en">
                  <StateMark look={{ ...outcomeLooks[check.ok ? 'passed' : 'failed'], word: check.what }} />
                  <span className="calm-note">{check.evidence}</span>
                </li>
              ))}
              {result.unproven.map((what) => (
                <li key={what}>
                  <span className="calm-note">
                    {d.unproven}: <span lang="en">{what}</span>
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}
