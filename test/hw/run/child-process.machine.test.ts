import { expect, it } from 'vitest';
import { Child } from '../../../src/hw/run/child-process.js';

it('says why a process has ended, however much is sent to it meanwhile', async () => {
  const child = new Child('server');
  const ready = child.next('serverReady');
  process.kill(child.pid, 'SIGKILL');
  // Long enough for the kernel to close its end of the pipe. This thread does not notice, because it handles no events.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  for (let i = 0; i < 3; i++) child.send({ kind: 'stop' });
  await expect(ready).rejects.toThrow('the server ended unexpectedly (SIGKILL)');
  await child.end();
});
