import { readFileSync } from 'node:fs';
import path from 'node:path';
import { failureTable } from '../../domain/failure';
import { failureOfPreparation } from '../../domain/preparation-failure';

const page = readFileSync(path.resolve(__dirname, '../../docs/failures.md'), 'utf8');

test.each(Object.entries(failureTable))(
  'whoever meets %s finds it in docs/failures.md, with the same advice',
  (code, { category, advice }) => {
    const section = page.split(/^## /m).find((text) => text.startsWith(`${code}\n`));
    expect(section).toBeDefined();
    const words = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, ' ');
    expect(words(section ?? '')).toContain(words(`_${category}._ **next:** ${advice}`));
  },
);

test('docs/failures.md explains no failure that does not exist', () => {
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  expect(headings.toSorted()).toEqual(Object.keys(failureTable).toSorted());
});

test('whatever keeps the supervisor from starting is told as a failure with an advice of its own', () => {
  const protocol = readFileSync(
    path.resolve(__dirname, '../../docs/supervisor-protocol.md'),
    'utf8',
  );
  const list = /^Codes of `preparationFailure`: ([^.]*)\. Codes of/ms.exec(protocol)?.[1] ?? '';
  const codes = [...list.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code ?? '');
  expect(codes.length).toBeGreaterThan(10);
  const unexplained = codes.filter((code) => failureOfPreparation(code) === 'unexpected');
  expect(unexplained).toEqual(['preparation-failed']);
});
