import type { Failure } from './failure';

/**
 * A failure for people: `code: what happened`, then why and what to do next, each with its further lines indented.
 */
export function failureText(failure: Failure): string {
  const lines = [`${failure.code}: ${failure.message}`];
  if (failure.why !== '') lines.push(labelled('why', failure.why));
  if (failure.next !== '') lines.push(labelled('next', failure.next));
  return lines.join('\n');
}

function labelled(label: string, text: string): string {
  return `  ${label.padEnd(4)}  ${text.replaceAll('\n', '\n        ')}`;
}
