import type { Failure } from '../../domain/failure';
import { failureText } from '../../domain/failure-text';

/** To the upper left corner, then everything behind it goes. */
const clearScreen = '\u001B[H\u001B[2J';

export type OutputFormat = 'text' | 'json';

/**
 * Where a command writes. Data goes to stdout, talk to stderr. With `--output json` stdout carries exactly one
 * document: the command's data, or `{"error":{code,message,why,next}}` with the failure's own details; with `--watch`, one
 * a line.
 */
export class Console {
  constructor(readonly format: OutputFormat) {}

  /** The command's data: the document with `--output json`, the text otherwise. */
  data(document: unknown, text: string): void {
    if (this.format === 'json') process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    else if (text !== '') process.stdout.write(`${text}\n`);
  }

  /**
   * One of many: with `--output json` a document on a line of its own; as text it takes the place of the one before on a
   * terminal, and follows it behind an empty line elsewhere.
   */
  frame(document: unknown, text: string): void {
    if (this.format === 'json') process.stdout.write(`${JSON.stringify(document)}\n`);
    else if (process.stdout.isTTY) process.stdout.write(`${clearScreen}${text}\n`);
    else process.stdout.write(`${text}\n\n`);
  }

  /** One line of streamed data; with `--output json` it is talk, since the document comes at the end. */
  line(text: string): void {
    (this.format === 'json' ? process.stderr : process.stdout).write(`${text}\n`);
  }

  /** Talk: what is going on, how to go on. Never data. */
  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** What happened, why, what next; as a document on stdout with `--output json`, else on stderr. */
  failure(failure: Failure): void {
    const { code, message, why, next, details } = failure;
    if (this.format === 'json') this.data({ error: { code, message, why, next, ...details } }, '');
    else this.say(failureText(failure));
  }
}
