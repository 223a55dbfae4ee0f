import { formatTable } from '../client/output/table';
import {
  differences,
  playEnding,
  type Ending,
  type MeasuredEnding,
} from '../test/e2e/support/ending-play';
import { endings } from '../test/e2e/support/ending-table';
import { Stack } from '../test/e2e/support/stack';
import { playTogether } from '../test/e2e/support/together';

/** As many as two cores play without waiting for each other. */
const atOnce = 8;

/**
 * Prints the table of endings as measured: each one played on the local cloud with a real server, real processes and the
 * real SDK. Arguments select rows by words of their names. Ends with 1 when a row is not as it has to be.
 */
async function main(words: readonly string[]): Promise<number> {
  const rows = endings().filter(({ name }) => words.every((word) => name.includes(word)));
  const stack = await Stack.start();
  try {
    const wrong: string[] = [];
    const lines = await Promise.all(
      playTogether(rows, atOnce, (row) => measure(stack, row, wrong)),
    );
    const header = ['ENDING', 'ATTEMPTS', 'RUN', 'LEFT', 'SECONDS', 'AS EXPECTED'];
    console.log(formatTable(header, lines.flat()));
    for (const sentence of wrong) console.log(sentence);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await stack.close();
  }
}

/** One line per attempt; what concerns the whole run stands in the first. */
async function measure(stack: Stack, row: Ending, wrong: string[]): Promise<string[][]> {
  let end: MeasuredEnding;
  try {
    end = await playEnding(stack, row);
  } catch (error) {
    wrong.push(`${row.name}: ${error instanceof Error ? error.message : String(error)}`);
    return [[row.name, '-', '-', '-', '-', 'NO']];
  }
  const different = differences(row, end);
  wrong.push(...different.map((sentence) => `${row.name}: ${sentence}`));
  const left = end.left.length === 0 ? 'nothing' : end.left.join(', ');
  const first = [end.run, left, String(end.seconds), different.length === 0 ? 'yes' : 'NO'];
  return end.attempts.map((attempt, index) =>
    index === 0 ? [row.name, attempt, ...first] : ['', attempt, '', '', '', ''],
  );
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
