import { Button, Checkbox, PasswordInput, Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { CallInput } from '../../main/contract/contract.ts';
import type { OperatorView } from '../../main/contract/views.ts';
import type { Language } from '../../main/words/languages.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { DialogActs } from '../parts/DialogActs.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { nobody, PinInput, SecondPerson } from '../parts/SecondPerson.tsx';
import { useAnswer, useAsk, useMay } from '../state/station.ts';
import { faultText, words } from '../words/words.ts';
import { languageItems } from './LanguageChoice.tsx';

const s = words.station;
type Role = OperatorView['roles'][number];
const allRoles = Object.keys(words.session.roles) as Role[];
/** Select knows no null: the station's own language. */
const stations = 'station';

/** Who may do what here. */
export function People() {
  const { value: people, fault, again } = useAnswer('operators.list', {});
  const maySave = useMay('operators.save');
  const [editing, setEditing] = useState<OperatorView | 'new' | null>(null);
  if (people === null)
    return <p className="calm-note page-note">{fault === null ? words.loading : faultText(fault).what}</p>;
  return (
    <div className="record">
      <Scroll>
        <table className="plain">
          <thead>
            <tr>
              <th>{s.person.id}</th>
              <th>{s.person.name}</th>
              <th>{s.person.roles}</th>
              <th>{s.person.pin}</th>
              <th>{s.person.badge}</th>
              <th>
                <span className="unseen">{words.save}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {people.map((person) => (
              <tr key={person.id}>
                <th scope="row">{person.id}</th>
                <td>{person.name}</td>
                <td>{person.roles.map((role) => words.session.roles[role]).join(', ')}</td>
                <td>{person.hasPin ? words.yes : words.no}</td>
                <td>{person.hasBadge ? words.yes : words.no}</td>
                <td className="num">
                  {maySave && (
                    <Button variant="subtle" size="compact-md" onClick={() => setEditing(person)}>
                      {s.editPerson(person)}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {maySave && (
        <div className="row">
          <Button onClick={() => setEditing('new')}>{s.addPerson}</Button>
        </div>
      )}
      {editing !== null && (
        <Person
          person={editing === 'new' ? null : editing}
          firstStart={people.filter(({ roles }) => roles.includes('custodian')).length < 2}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null);
            again();
          }}
        />
      )}
    </div>
  );
}

const decides = (roles: readonly string[]) => roles.includes('custodian') || roles.includes('engineer');

function Person({
  person,
  firstStart,
  onClose,
  onDone,
}: {
  readonly person: OperatorView | null;
  /** Fewer than two custodians: there is nobody yet who could agree. */
  readonly firstStart: boolean;
  onClose(): void;
  onDone(): void;
}) {
  const ask = useAsk();
  const mayRemove = useMay('operators.remove');
  const [id, setId] = useState(person?.id ?? '');
  const [name, setName] = useState(person?.name ?? '');
  const [chosen, setChosen] = useState<readonly string[]>(person?.roles ?? ['operator']);
  const [pin, setPin] = useState('');
  const [badge, setBadge] = useState('');
  const [language, setLanguage] = useState<string>(person?.language ?? stations);
  const [second, setSecond] = useState(nobody);
  const takesTwo = !firstStart && (decides(chosen) || decides(person?.roles ?? []));
  const agrees = takesTwo && second.id !== '' ? { ...second, id: second.id.trim() } : null;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const input: CallInput<'operators.save'> = {
      id: id.trim(),
      name: name.trim(),
      roles: allRoles.filter((role) => chosen.includes(role)),
      pin: pin === '' ? null : pin,
      badge: badge === '' ? null : badge,
      language: language === stations ? null : (language as Language),
      second: agrees,
    };
    if ((await ask('operators.save', input)) !== null) onDone();
  };
  const remove = async () => {
    if (person !== null && (await ask('operators.remove', { id: person.id, second: agrees })) !== null) onDone();
  };
  return (
    <Dialog title={person === null ? s.addPerson : s.editPerson(person)} open onClose={onClose}>
      <form className="form" onSubmit={save}>
        <TextInput
          label={s.person.id}
          value={id}
          disabled={person !== null}
          onChange={(event) => setId(event.target.value)}
          size="md"
          data-autofocus
        />
        <TextInput label={s.person.name} value={name} onChange={(event) => setName(event.target.value)} size="md" />
        <Checkbox.Group label={s.person.roles} value={[...chosen]} onChange={setChosen}>
          <div className="role-boxes">
            {allRoles.map((role) => (
              <Checkbox
                key={role}
                value={role}
                label={words.session.roles[role]}
                description={words.session.roleMeans[role]}
                size="md"
              />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          label={words.session.language}
          data={[{ value: stations, label: words.session.languageOfStation }, ...languageItems]}
          value={language}
          onChange={(value) => setLanguage(value ?? stations)}
          allowDeselect={false}
          size="md"
        />
        <PinInput label={s.newPin} value={pin} onChange={setPin} autoComplete="new-password" />
        <PasswordInput
          label={s.newBadge}
          value={badge}
          onChange={(event) => setBadge(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
          autoComplete="off"
          data-scan="here"
          size="md"
          visibilityToggleButtonProps={{ 'aria-hidden': true, tabIndex: -1 }}
        />
        {takesTwo && (
          <>
            <p className="calm-note">{s.takesTwo}</p>
            <SecondPerson labels={s} value={second} onChange={setSecond} />
          </>
        )}
        <DialogActs
          act={words.save}
          onCancel={onClose}
          disabled={id.trim() === '' || name.trim() === '' || chosen.length === 0}
        >
          {person !== null && mayRemove && (
            <Button variant="subtle" color="red" onClick={remove}>
              {s.remove}
            </Button>
          )}
          <span className="push" />
        </DialogActs>
      </form>
    </Dialog>
  );
}
