import { differences, playEnding, type MeasuredEnding } from './support/ending-play';
import { endings } from './support/ending-table';
import { Stack } from './support/stack';
import { playTogether } from './support/together';

/** Every way in which a training can end, on the local cloud: verdict, exit code, message, and that nothing is left. */
const table = endings();

let stack: Stack;
let measured: readonly Promise<MeasuredEnding>[];

beforeAll(async () => {
  stack = await Stack.start();
  measured = playTogether(table, 8, (ending) => playEnding(stack, ending));
}, 60_000);

afterAll(() => stack.close(), 60_000);

test.each(table.map((ending, index) => [ending.name, ending, index] as const))(
  '%s',
  async (_name, ending, index) => {
    const end = await measured[index];
    if (end === undefined) throw new Error('was not played');
    expect(differences(ending, end)).toEqual([]);
  },
  240_000,
);
