import { checkPatterns } from '../../client/runs/check-patterns';

const failure = (pattern: string) => ({ pattern, reason: 'r', isRetried: true });

test('patterns that Python does not take are all named, with what is wrong', async () => {
  const checking = checkPatterns({
    logPattern: '(done',
    failurePatterns: [failure('fine'), failure('[a'), failure('*')],
  });
  await expect(checking).rejects.toMatchObject({
    code: 'invalid-input',
    message: [
      `--log-pattern: expected a regular expression as Python's re has them, got "(done" (missing ), unterminated subpattern at position 0)`,
      `--failure-pattern: expected a regular expression as Python's re has them, got "[a" (unterminated character set at position 0)`,
      `--failure-pattern: expected a regular expression as Python's re has them, got "*" (nothing to repeat at position 0)`,
    ].join('\n'),
  });
});

test('what only Python knows is taken, and nothing is asked for nothing', async () => {
  await checkPatterns({ logPattern: String.raw`(?P<word>done)\Z`, failurePatterns: [] });
  await checkPatterns({});
});

test('without a Python here the instance decides', async () => {
  await checkPatterns({ logPattern: '(' }, '/nowhere/python3');
});
