import { ActionIcon, Button } from '@mantine/core';
import { StateMark } from '../parts/StateMark.tsx';
import type { ScreenName } from '../state/state.ts';
import { goTo, useApp, useAsk, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';

const screens = ['line', 'throughput', 'devices', 'recipes', 'station'] as const;

/** Lists of the ledger stand behind one name. */
const sectionOf: Readonly<Record<ScreenName, (typeof screens)[number]>> = {
  line: 'line',
  throughput: 'throughput',
  devices: 'devices',
  batches: 'devices',
  runs: 'devices',
  compare: 'devices',
  recipes: 'recipes',
  station: 'station',
};

/** Screens, health of link and token, sound, light, and who sits here. */
export function TopBar() {
  const { store } = useSeat();
  const place = useApp((state) => state.place);
  const demonstration = useApp((state) => state.line?.demonstration ?? false);
  const development = useApp((state) => state.line?.development ?? false);
  const guided = useApp((state) => state.guided);
  const muted = useApp((state) => state.preferences.muted);
  const nextScheme = () => {
    const dark = document.documentElement.dataset.mantineColorScheme === 'dark';
    store.dispatch({ type: 'preferences', preferences: { scheme: dark ? 'light' : 'dark' } });
  };
  return (
    <header className="top">
      <span className="brand">
        <svg viewBox="0 0 32 16" aria-hidden="true" focusable="false">
          <path d="M1 8h8m14 0h8" />
          <rect x="9" y="3" width="14" height="10" rx="5" />
        </svg>
        <span className="brand-name">{words.product}</span>
      </span>
      <nav aria-label={words.nav}>
        {!guided &&
          screens.map((screen) => (
            <a
              key={screen}
              href={`#/${screen}`}
              aria-current={sectionOf[place.screen] === screen ? 'page' : undefined}
              onClick={(event) => {
                event.preventDefault();
                goTo(screen);
              }}
            >
              {words.screens[screen]}
            </a>
          ))}
      </nav>
      <div className="top-right">
        {development && (
          <span className="demo" title={words.developmentMeans}>
            {words.development}
          </span>
        )}
        {demonstration && (
          <span className="demo" title={words.demonstrationMeans}>
            {words.demonstration}
          </span>
        )}
        <TokenMark />
        <ActionIcon
          variant="subtle"
          size={44}
          aria-label={muted ? words.sound.unmute : words.sound.mute}
          title={`${muted ? words.sound.off : words.sound.on} (F8)`}
          aria-pressed={muted}
          onClick={() => store.dispatch({ type: 'preferences', preferences: { muted: !muted } })}
        >
          <svg viewBox="0 0 24 24" className="icon" aria-hidden="true">
            <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" />
            {muted ? <path d="M16 9.5l5 5m0-5l-5 5" /> : <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />}
          </svg>
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          size={44}
          aria-label={words.scheme.title}
          title={`${words.scheme.title} (F9)`}
          onClick={nextScheme}
        >
          <svg viewBox="0 0 24 24" className="icon" aria-hidden="true">
            <circle cx="12" cy="12" r="8" />
            <path d="M12 4a8 8 0 0 1 0 16z" className="icon-fill" />
          </svg>
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          size={44}
          aria-label={words.help.title}
          title={`${words.help.title} (F1)`}
          onClick={() => store.dispatch({ type: 'dialog', dialog: 'help' })}
        >
          <span className="help-mark" aria-hidden="true">
            ?
          </span>
        </ActionIcon>
        {!guided && <Person />}
      </div>
    </header>
  );
}

function TokenMark() {
  const token = useApp((state) => state.token);
  if (token === null) return null;
  if (token.healthy === true && token.fault === null)
    return <StateMark look={{ tone: 'dim', shape: 'ring', word: words.token.healthy }} />;
  return (
    <StateMark
      look={
        token.healthy === null && token.fault === null
          ? { tone: 'dim', shape: 'gap', word: words.token.unknown }
          : { tone: 'warn', shape: 'pause', word: words.token.ailing }
      }
    />
  );
}

function Person() {
  const { store } = useSeat();
  const ask = useAsk();
  const operator = useApp((state) => state.session?.operator ?? null);
  if (operator === null)
    return (
      <Button onClick={() => store.dispatch({ type: 'dialog', dialog: 'sign-in' })}>{words.session.signIn}</Button>
    );
  const out = async () => {
    const session = await ask('session.logout', {});
    if (session !== null) store.dispatch({ type: 'session', session });
  };
  const roles = operator.roles.map((role) => words.session.roles[role]).join(', ');
  return (
    <>
      <span className="person" title={`${operator.name}, ${roles}`}>
        <strong>{operator.name}</strong>
        <span>{roles}</span>
      </span>
      <Button variant="default" onClick={out}>
        {words.session.signOut}
      </Button>
    </>
  );
}
