import { escapeDollars } from '../../domain/markdown';

test('prices are escaped, so that two of them are no formula', () => {
  expect(escapeDollars('cost $0.1 (On-Demand $0.3)')).toBe('cost \\$0.1 (On-Demand \\$0.3)');
});

test('a command in a span of code stays as it is', () => {
  expect(escapeDollars('`train.py --name $HOME` for $1')).toBe('`train.py --name $HOME` for \\$1');
});

test('a backtick that opens no span hides no price', () => {
  expect(escapeDollars('a ` and $1\n` and $2')).toBe('a ` and \\$1\n` and \\$2');
});
