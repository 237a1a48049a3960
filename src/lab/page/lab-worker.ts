import { doLabTask, failureOfTask, type LabAnswers, type LabFailure, type LabTask } from '../lab-tasks.js';
import { buffersOf } from '../recording.js';

/** A task and what became of it, on their way between page and worker. */
export interface Answer {
  readonly answer?: LabAnswers[keyof LabAnswers];
  readonly failed?: LabFailure;
}

/** What a worker needs of its global object; its types are not those of a page. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LabTask>) => void) | null;
  postMessage(message: Answer, transfer: Transferable[]): void;
}

/** Does one task at a time, in the order in which they come. */
export function serveTasks(scope: WorkerScope): void {
  scope.onmessage = async ({ data }) => {
    try {
      const answer = await doLabTask(data);
      scope.postMessage({ answer }, 'recording' in answer ? buffersOf(answer.recording) : []);
    } catch (error) {
      scope.postMessage({ failed: failureOfTask(error) }, []);
    }
  };
}
