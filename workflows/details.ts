import { setCurrentDetails } from '@temporalio/workflow';
import { escapeDollars } from '../domain/markdown';

/** Shows Markdown as the current details of this workflow, in the Web UI and to `temporal workflow metadata`. */
export function showDetails(markdown: string): void {
  setCurrentDetails(escapeDollars(markdown));
}
