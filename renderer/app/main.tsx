import '@mantine/core/styles.layer.css';
import 'uplot/dist/uPlot.min.css';
import './fonts.css';
import './theme.css';
import './page.css';
import './screens.css';
import './records.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { openBridge } from '../bridge/bridge.ts';
import { followStation } from '../state/follow.ts';
import { keepPreferences, readPreferences } from '../state/preferences.ts';
import { initialState } from '../state/state.ts';
import { placeOf, SeatContext } from '../state/station.ts';
import { createStore } from '../state/store.ts';
import { Spoken } from './Spoken.tsx';
import { theme } from './theme.ts';

const bridge = openBridge();
const preferences = readPreferences();
const store = createStore(initialState(placeOf(location.hash), preferences));

window.addEventListener('hashchange', () => store.dispatch({ type: 'place', place: placeOf(location.hash) }));
let kept = preferences;
store.subscribe(() => {
  const { preferences: now } = store.get();
  if (now !== kept) keepPreferences(now);
  kept = now;
});
followStation(bridge, store);

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      {/* the page's policy allows no style element: variables come from theme.css, and no classes are made at run time */}
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <SeatContext value={{ bridge, store }}>
          <Spoken />
        </SeatContext>
      </MantineProvider>
    </StrictMode>,
  );
}
