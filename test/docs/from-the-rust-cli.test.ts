import { readFileSync } from 'node:fs';
import path from 'node:path';
import { earlierCommands } from '../../client/earlier-commands';
import { earlierKeys, earlierVariables } from '../../settings/earlier-keys';

const page = readFileSync(path.resolve(__dirname, '../../docs/from-the-rust-cli.md'), 'utf8');

/** The rows of the first table below a heading, cells without the blanks that align them. */
function tableUnder(heading: string): string[][] {
  const [, below = ''] = page.split(`\n## ${heading}\n`);
  const lines = below.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const length = lines.slice(first).findIndex((line) => !line.startsWith('|'));
  return lines.slice(first + 2, first + length).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const code = (text: string): string => `\`${text}\``;

test('the page has every command of the earlier runctl, with what the command line answers', () => {
  const rows = Object.entries(earlierCommands).map(([name, { aliases = [], now, note }]) => [
    [name, ...aliases].map(code).join(', '),
    now.map(code).join('<br>'),
    note,
  ]);
  expect(tableUnder('Commands')).toEqual(rows);
});

test('the page has every option, with what the command line answers', () => {
  const rows = Object.entries(earlierCommands).flatMap(([name, { options = {} }]) =>
    Object.entries(options).map(([option, instead]) => [code(name), code(option), instead]),
  );
  expect(tableUnder('Options')).toEqual(rows);
});

test('the page has every key of the settings file, with what a note says', () => {
  const rows = Object.entries(earlierKeys).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, meaning]) => [
      code(`${section}.${key}`),
      meaning.kind === 'setting' ? code(meaning.name) : meaning.instead,
    ]),
  );
  expect(tableUnder('Settings')).toEqual(rows);
});

test.each(Object.keys(earlierVariables))('the page has the variable %s', (name) => {
  expect(tableUnder('Variables, files, names').map(([then]) => then)).toContain(code(name));
});
