import fc from 'fast-check';

/** Characters that a shell, a path, JSON, a format string or a terminal could take for something of its own. */
const oddities = [
  ...`'"\`$\\;&|*?~!#%(){}[]<>=^,:@+- \t\n\r`,
  ...[
    '$(',
    '${',
    '$HOME',
    '`id`',
    '%s',
    '%n',
    '\\n',
    '\\x00',
    '&&',
    '||',
    '>>',
    '<<EOF',
    '--',
    '-c',
  ],
  ...['ü', 'ß', '日本', '😀', '\u202e', '\u200b', '\x1b[31m', '\x7f', 'é', 'a', 'Z', '0'],
];

/** Any text that can be an argument or a value: everything but NUL. */
const oddText = fc
  .array(fc.constantFrom(...oddities), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** A name that a file or a folder can have on Linux. */
const oddName = oddText
  .map((text) => text.replaceAll('/', ''))
  .filter((name) => name !== '' && !/^\.{1,2}$/.test(name) && Buffer.byteLength(name) < 100);

/** A name that a script can have: the spec knows no control characters and no backslashes in it. */

const oddScriptName = oddName
  .map((name) => name.replaceAll(/[\\\u0000-\u001f]/g, ''))
  .filter((name) => name !== '' && !/^\.{1,2}$/.test(name));

/** One project and what its script is given. */
export interface OddProject {
  readonly folder: string;
  /** `.py` is run by python3; without it the script is executed. */
  readonly script: string;
  readonly scriptFolder: string;
  readonly isExecuted: boolean;
  readonly files: readonly (readonly [name: string, content: string])[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What stands around the recognisable middle of each secret. */
  readonly secrets: Readonly<Record<string, readonly [before: string, after: string]>>;
}

const names = (prefix: string) =>
  fc.stringMatching(/^[A-Za-z0-9_]{1,12}$/).map((name) => `${prefix}_${name}`);

export const oddProject: fc.Arbitrary<OddProject> = fc.record({
  folder: oddName,
  script: oddScriptName,
  scriptFolder: oddScriptName,
  isExecuted: fc.boolean(),
  files: fc.uniqueArray(fc.tuple(oddName, oddText), { maxLength: 4, selector: ([name]) => name }),
  args: fc.array(oddText, { minLength: 1, maxLength: 8 }),
  environment: fc.dictionary(names('V'), oddText, { maxKeys: 4 }),
  secrets: fc.dictionary(names('S'), fc.tuple(oddText, oddText), { minKeys: 1, maxKeys: 3 }),
});
