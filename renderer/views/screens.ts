// What is not in the first picture: one file beside the page's own, fetched once that picture stands (later.ts). With it come the hundred
// faces of Han characters, by unicode-range: until then the system's own stand in.
import '@fontsource-variable/noto-sans-sc/index.css';

export { BatchesView } from './BatchesView.tsx';
export { CompareView } from './CompareView.tsx';
export { DevicesView } from './DevicesView.tsx';
export { FirstStart } from './FirstStart.tsx';
export { FixtureDetail } from './FixtureDetail.tsx';
export { GroupsView } from './GroupsView.tsx';
export { Help } from './Help.tsx';
export { PlantView } from './PlantView.tsx';
export { RecipesView } from './RecipesView.tsx';
export { RunsView } from './RunsView.tsx';
export { ShiftView } from './ShiftView.tsx';
export { SignIn } from './SignIn.tsx';
export { StartBatch, StopBatch } from './StartBatch.tsx';
export { StationScreen } from './StationScreen.tsx';
export { ThroughputStrip } from './ThroughputStrip.tsx';
export { ThroughputView } from './ThroughputView.tsx';
