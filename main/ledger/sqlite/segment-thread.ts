// The body of a thread that looks at stretches of a book (segments.ts).
import { parentPort, workerData } from 'node:worker_threads';
import { openStretches, type Stretch } from './segment.ts';

const { look } = openStretches(workerData as string);
parentPort?.on('message', (stretch: Stretch) => parentPort?.postMessage(look(stretch)));
