import { Button, Menu, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { CallInput } from '../../main/contract/contract.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { useAnswer, useAsk, useMay } from '../state/station.ts';
import { words } from '../words/words.ts';

type Query = NonNullable<CallInput<'devices.saveQuestion'>['query']>;

/** Questions that the station keeps: one is asked, or what is asked now is kept. */
export function Questions({
  query,
  asked,
  onAsk,
}: {
  readonly query: Query;
  /** The one that is asked; null: none of them. */
  readonly asked: string | null;
  onAsk(question: string | null): void;
}) {
  const ask = useAsk();
  const maySave = useMay('devices.saveQuestion');
  const { value: kept, again } = useAnswer('devices.questions', {});
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const q = words.devices.questions;
  const put = async (named: string, what: Query | null) => {
    if ((await ask('devices.saveQuestion', { name: named, query: what })) === null) return;
    setNaming(false);
    setName('');
    onAsk(what === null ? null : named);
    again();
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    void put(name.trim(), query);
  };
  return (
    <>
      <Menu transitionProps={{ duration: 0 }} position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="md">
            {q.title}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(kept ?? []).map((one) => (
            <Menu.Item key={one.name} onClick={() => onAsk(one.name)}>
              {one.name}
            </Menu.Item>
          ))}
          {(kept ?? []).length === 0 && <Menu.Label>{q.none}</Menu.Label>}
          {asked !== null && <Menu.Item onClick={() => onAsk(null)}>{q.clear}</Menu.Item>}
          {maySave && <Menu.Divider />}
          {maySave && <Menu.Item onClick={() => setNaming(true)}>{q.save}</Menu.Item>}
          {maySave && asked !== null && (
            <Menu.Item onClick={() => void put(asked, null)}>{q.remove({ name: asked })}</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Dialog title={q.save} open={isNaming} onClose={() => setNaming(false)}>
        <form className="form" onSubmit={save}>
          <TextInput
            label={q.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={60}
            data-autofocus
          />
          <DialogActs act={words.save} onCancel={() => setNaming(false)} disabled={name.trim() === ''} />
        </form>
      </Dialog>
    </>
  );
}
