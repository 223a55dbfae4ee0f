import { formatAlreadyRunning } from '../../domain/format';

test('the refusal of a second training is this text, to the letter', () => {
  expect(formatAlreadyRunning('i-0123456789abcdef0', 4242)).toBe(
    [
      'Training already running on instance i-0123456789abcdef0 (PID: 4242).',
      '',
      'To start new training, either:',
      '  1. Wait for current training to complete: runctl aws monitor i-0123456789abcdef0',
      '  2. Stop current training gracefully: runctl aws stop i-0123456789abcdef0',
      '  3. Check training status: runctl aws monitor i-0123456789abcdef0 --follow',
      '  4. Force kill existing training (not recommended): runctl aws stop i-0123456789abcdef0 --force',
    ].join('\n'),
  );
});

test('while only the run is known, the text says that the process is not', () => {
  expect(formatAlreadyRunning('i-0a', null).split('\n')[0]).toBe(
    'Training already running on instance i-0a (PID: not known yet).',
  );
});
