/** The page of the laboratory; in a web worker, the same code simulates. */

import { startPage } from './lab-page.js';
import { serveTasks } from './lab-worker.js';

if (typeof document === 'undefined') serveTasks(self as unknown as Parameters<typeof serveTasks>[0]);
else startPage();
