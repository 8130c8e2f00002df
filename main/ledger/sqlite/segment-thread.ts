import { parentPort, workerData } from 'node:worker_threads';
import { openSegments, type Stretch } from './segment.ts';

const segment = openSegments(workerData as string);
parentPort?.on('message', (stretch: Stretch) => parentPort?.postMessage(segment(stretch)));
