// The body of the thread that draws one label. Started by label-drawing.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { drawLabel } from './label-preview.ts';

parentPort?.postMessage(drawLabel(String(workerData)));
